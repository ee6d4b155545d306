package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// resendFor is how long one request goes on to look at letters.
const resendFor = 2 * time.Second

// storedSlack is by how much the timestamps of two streams may differ.
const storedSlack = time.Second

// Resend sends dead letters again. Each becomes a trigger that is due now, with
// an ID that follows from its own, and is removed once that trigger is stored.
//
// A node that dies in between leaves a letter that was sent. Asked again, it has
// the same ID: the stream drops it within two minutes, and later it is not sent
// while the first one waits in the queue, retries included. Only when that one has
// ended by then does the target get the same webhook-id once more.
//
// The error is about the request. What became of each letter is in the answer.
func (m *Manual) Resend(ctx context.Context, r contract.ResendRequest) (contract.ResendAnswer, error) {
	answer := contract.ResendAnswer{Sent: []contract.Resent{}}
	if err := checkResend(&r); err != nil {
		return answer, err
	}
	r.Sequences = slices.Compact(slices.Sorted(slices.Values(r.Sequences)))
	s := &resending{Manual: m, request: &r, answer: &answer, until: m.now().Add(resendFor)}
	if r.All {
		return answer, s.all(ctx)
	}
	s.named(ctx)
	return answer, nil
}

func checkResend(r *contract.ResendRequest) error {
	bad := func(field, problem string) error { return &contract.FieldError{Field: field, Problem: problem} }
	if r.Key != "" {
		if err := contract.CheckKey(r.Key); err != nil {
			return err
		}
	}
	switch n := len(r.Sequences); {
	case r.All && n > 0:
		return bad("sequences", "cannot be named beside all")
	case !r.All && (n == 0 || n > contract.MaxResend):
		return bad("sequences", fmt.Sprintf("has %d, want 1 to %d, or all", n, contract.MaxResend))
	case !r.All && r.DeadFilter != contract.DeadFilter{}:
		return bad("all", "is needed for a filter")
	case !r.Since.IsZero() && !r.Until.IsZero() && r.Until.Before(r.Since):
		return bad("until", "is before since")
	}
	return nil
}

// resending is one request that is carried out.
type resending struct {
	*Manual
	request *contract.ResendRequest
	answer  *contract.ResendAnswer
	until   time.Time
}

// all sends what the filter chooses of the letters that there were at the
// beginning: one that dies again at once is not sent again by the same request.
func (s *resending) all(ctx context.Context) (err error) {
	s.answer.To = s.request.To
	if s.answer.To == 0 {
		if s.answer.To, err = s.last(ctx); err != nil {
			return err
		}
	}
	for next := s.request.From; ; {
		letter, err := s.next(ctx, s.request.Key, next)
		switch {
		case errors.Is(err, ErrNoLetter) || err == nil && letter.Sequence > s.answer.To:
			return nil
		case err != nil:
			s.failed(next, s.request.Key, err)
			return nil
		case s.over():
			s.answer.Next = letter.Sequence
			return nil
		}
		next = letter.Sequence + 1
		if s.request.Match(&letter.Dead, letter.Stored) && !s.send(ctx, &letter) {
			return nil
		}
	}
}

func (s *resending) last(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.letters.Last(ctx)
}

func (s *resending) next(ctx context.Context, key string, sequence uint64) (Letter, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.letters.Next(ctx, key, sequence)
}

// over says that the rest has to be asked for again. At least one letter is
// looked at, so that this comes to an end.
func (s *resending) over() bool {
	return len(s.answer.Sent)+len(s.answer.Failed) > 0 && s.now().After(s.until)
}

// named sends the letters that the request names.
func (s *resending) named(ctx context.Context) {
	for _, sequence := range s.request.Sequences {
		if sequence < s.request.From {
			continue
		}
		if s.over() {
			s.answer.Next = sequence
			return
		}
		letter, err := s.next(ctx, "", sequence)
		if err == nil && (letter.Sequence != sequence || s.request.Key != "" && letter.Key != s.request.Key) {
			err = ErrNoLetter
		}
		if err != nil {
			if !s.failed(sequence, s.request.Key, err) {
				return
			}
			continue
		}
		if !s.send(ctx, &letter) {
			return
		}
	}
}

// send sends one letter. It returns false when the rest would fail as well.
func (s *resending) send(ctx context.Context, letter *Letter) bool {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	t, err := letter.again(s.now().UTC())
	if err == nil {
		err = s.replace(ctx, letter, t)
	}
	if err != nil {
		return s.failed(letter.Sequence, letter.Key, err)
	}
	s.answer.Sent = append(s.answer.Sent, contract.Resent{Sequence: letter.Sequence, Key: letter.Key, Dead: letter.Dead.ID, ID: t.ID})
	return true
}

// replace puts a trigger in the place of a letter, in this order: the other way
// round a crash would lose it.
func (s *resending) replace(ctx context.Context, letter *Letter, t contract.Trigger) error {
	waiting, err := s.sender.Waiting(ctx, t, letter.Stored.Add(-storedSlack))
	if err == nil && !waiting {
		err = s.sender.Send(ctx, t)
	}
	if err != nil {
		return err
	}
	return s.letters.Remove(ctx, letter.Sequence)
}

// failed notes a letter that was not sent. It returns false when the rest would
// fail as well.
func (s *resending) failed(sequence uint64, key string, err error) bool {
	if errors.Is(err, ErrNoLetter) {
		err = fmt.Errorf("%w: %d", ErrNoLetter, sequence)
	}
	code, text := s.Code("send dead letter again", err)
	s.answer.Failed = append(s.answer.Failed, contract.ResendFailed{Sequence: sequence, Key: key, Code: code, Error: text})
	return code != contract.CodeUnavailable && code != contract.CodeFull
}

// again makes the trigger that repeats a letter's.
func (l *Letter) again(now time.Time) (contract.Trigger, error) {
	unusable := func(format string, args ...any) error {
		return fmt.Errorf("dead letter %d %w: %s", l.Sequence, ErrUnusable, fmt.Sprintf(format, args...))
	}
	switch {
	case l.Bad != nil:
		return contract.Trigger{}, unusable("%v", l.Bad)
	case l.Dead.Trigger == nil:
		return contract.Trigger{}, unusable("its trigger could not be read")
	}
	t := *l.Dead.Trigger
	switch {
	case t.Key != l.Key || contract.CheckKey(t.Key) != nil:
		return t, unusable("its trigger is not of the schedule that it was stored for")
	case !isWord(t.Mode) || t.Mode == contract.ModeMissed:
		return t, unusable("its trigger has mode %s", strconv.QuoteToASCII(t.Mode))
	}
	if t.Origin == "" {
		t.Origin = t.ID
	}
	if t.ID = contract.AgainID(t.Origin, t.ID); !isWord(t.ID) || !isWord(t.Origin) {
		return t, unusable("its trigger has no ID that can be counted up")
	}
	t.Due = now
	return t, nil
}

// isWord: modes and IDs are parts of subjects and headers.
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alnum && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= contract.MaxIDLength
}
