package client

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// Resend sends dead letters again: a scheduler makes a trigger of each, due now,
// and removes the letter. The occurrence that repeats one has an ID of its own;
// the target sees the webhook-id of the first. With a key only letters of that
// schedule are sent; empty means any.
//
// What could be sent is returned along with the error, in which errors.As finds
// the LetterErrors of those that were not. Asking again for one whose outcome is
// not known does no harm: it is sent once, unless the first has ended by then,
// which the target can tell.
func (s *Schedule) Resend(key string, sequences ...uint64) (sent []common.Resent, err error) {
	ctx, cancel := s.plain()
	defer cancel()
	return s.ResendContext(ctx, key, sequences...)
}

// ResendContext is Resend with a context.
func (s *Schedule) ResendContext(ctx context.Context, key string, sequences ...uint64) (sent []common.Resent, err error) {
	if err := anyKey(key); err != nil {
		return nil, err
	}
	var failed LetterErrors
	for some := range slices.Chunk(sequences, contract.MaxResend) {
		done, bad, err := s.resend(ctx, contract.ResendRequest{Key: key, Sequences: some})
		sent, failed = append(sent, done...), append(failed, bad...)
		if err != nil || stopped(bad) {
			return sent, errors.Join(failed.or(), err)
		}
	}
	return sent, failed.or()
}

// ResendAll is Resend for all letters that the query chooses, oldest first,
// unless it has a limit. Letters that are stored meanwhile are left out.
func (s *Schedule) ResendAll(ctx context.Context, key string, query DeadQuery) (sent []common.Resent, err error) {
	if query.Limit > 0 {
		letters, err := s.DeadLettersContext(ctx, key, query)
		if err != nil {
			return nil, err
		}
		return s.ResendContext(ctx, key, sequences(letters)...)
	}
	if err := errors.Join(query.check(), anyKey(key)); err != nil {
		return nil, err
	}
	sent, failed, err := s.resend(ctx, contract.ResendRequest{Key: key, All: true, DeadFilter: query.filter()})
	return sent, errors.Join(failed.or(), err)
}

// resend asks until all letters of a request were looked at.
func (s *Schedule) resend(ctx context.Context, r contract.ResendRequest) (sent []common.Resent, failed LetterErrors, err error) {
	for {
		answer, err := ask[contract.ResendAnswer](ctx, s, "send dead letters again", contract.EndpointResend, r)
		if err != nil {
			return sent, failed, err
		}
		sent = append(sent, answer.Sent...)
		for _, f := range answer.Failed {
			failed = append(failed, letterError(&f))
		}
		if answer.Next <= r.From {
			return sent, failed, nil
		}
		r.From, r.To = answer.Next, answer.To
	}
}

func letterError(f *contract.ResendFailed) *LetterError {
	err := reported(f.Code, f.Error)
	switch f.Code {
	case contract.CodeNotFound:
		err = &serviceError{f.Code, f.Error, ErrNoLetter}
	case contract.CodeUnusable:
		err = &serviceError{f.Code, f.Error, ErrUnusable}
	case contract.CodeFull, contract.CodeUnavailable:
		err = fmt.Errorf("send dead letter %d again: %w", f.Sequence, err)
	}
	return &LetterError{Sequence: f.Sequence, Err: err}
}

// stopped reports whether a scheduler has given up on the letters that followed.
func stopped(failed LetterErrors) bool {
	return slices.ContainsFunc(failed, func(e *LetterError) bool {
		return !errors.Is(e, ErrNoLetter) && !errors.Is(e, ErrUnusable)
	})
}

func sequences(letters []DeadLetter) []uint64 {
	list := make([]uint64, len(letters))
	for i := range letters {
		list[i] = letters[i].Sequence
	}
	return list
}

// Drop removes dead letters for good. With a key only letters of that schedule
// are removed; empty means any. One that fails does not hinder the others: in the
// error errors.As finds the LetterErrors of those that were not removed.
func (s *Schedule) Drop(key string, sequences ...uint64) error {
	ctx, cancel := s.plain()
	defer cancel()
	return s.DropContext(ctx, key, sequences...)
}

// DropContext is Drop with a context.
func (s *Schedule) DropContext(ctx context.Context, key string, sequences ...uint64) error {
	if err := anyKey(key); err != nil {
		return err
	}
	var failed LetterErrors
	for _, sequence := range sequences {
		letter, err := s.DeadLetterContext(ctx, sequence)
		if err == nil && key != "" && letter.Key != key {
			err = fmt.Errorf("%w: %d of %q", ErrNoLetter, sequence, key)
		}
		if err == nil {
			err = s.drop(ctx, sequence)
		}
		if err != nil {
			failed = append(failed, &LetterError{Sequence: sequence, Err: err})
		}
		if ctx.Err() != nil {
			break
		}
	}
	return failed.or()
}

// DropAll is Drop for all letters that the query chooses, newest first, and
// returns which those were.
func (s *Schedule) DropAll(ctx context.Context, key string, query DeadQuery) (dropped []uint64, err error) {
	letters, err := s.DeadLettersContext(ctx, key, query)
	if err != nil {
		return nil, err
	}
	for _, sequence := range sequences(letters) {
		if err := s.drop(ctx, sequence); err != nil {
			return dropped, LetterErrors{{Sequence: sequence, Err: err}}
		}
		dropped = append(dropped, sequence)
	}
	return dropped, nil
}

// drop removes one letter; one that is gone already is no error.
func (s *Schedule) drop(ctx context.Context, sequence uint64) error {
	stream := s.names.DeadStream()
	what := fmt.Sprintf("drop dead letter %d", sequence)
	_, err := request(ctx, s, what, "MSG.DELETE."+stream, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.js.DeleteMsg(stream, sequence, nats.Context(ctx))
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	if _, gone := s.DeadLetterContext(ctx, sequence); errors.Is(gone, ErrNoLetter) {
		return nil // the server has several errors for that
	}
	return err
}
