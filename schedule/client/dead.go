package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// DeadLetter is a dead letter in its stream, where it stays for 30 days unless
// the operator has set another time. Its Key is that of the schedule even when
// the rest cannot be read.
type DeadLetter struct {
	Sequence uint64    `json:"sequence"` // names it, in the namespace
	Stored   time.Time `json:"stored"`   // the server's timestamp
	common.Dead
	Bad error `json:"-"` // why it cannot be read; then Dead holds nothing but its Key
}

// DeadQuery chooses dead letters. The zero value chooses all that are kept; all
// fields that are set have to fit.
type DeadQuery struct {
	Since      time.Time // stored at or after; zero: however old
	Until      time.Time // stored at or before; zero: however new
	Outcome    string    // of the occurrence, common.Outcome…; empty: any
	ErrorClass string    // of the last attempt, for example "timeout"; empty: any
	Limit      int       // only the newest; 0: all
}

func (q *DeadQuery) check() error {
	switch {
	case q.Limit < 0:
		return refuse("limit", "is negative, want 0 for all, or more")
	case !q.Until.IsZero() && q.Until.Before(q.Since):
		return refuse("until", "is before since")
	case q.Outcome == "":
		return nil
	}
	return known("outcome", []string{q.Outcome}, outcomes)
}

func (q *DeadQuery) filter() contract.DeadFilter {
	return contract.DeadFilter{Since: q.Since, Until: q.Until, Outcome: q.Outcome, ErrorClass: q.ErrorClass}
}

// DeadLetters returns the dead letters of a schedule, or of all schedules for the
// empty key, newest first. There are none before the first scheduler or worker
// has run.
func (s *Schedule) DeadLetters(key string, query DeadQuery) ([]DeadLetter, error) {
	ctx, cancel := s.plain()
	defer cancel()
	return s.DeadLettersContext(ctx, key, query)
}

// DeadLettersContext is DeadLetters with a context.
func (s *Schedule) DeadLettersContext(ctx context.Context, key string, query DeadQuery) ([]DeadLetter, error) {
	if err := query.check(); err != nil {
		return nil, err
	}
	if err := anyKey(key); err != nil {
		return nil, err
	}
	subject := s.names.Deads()
	if key != "" {
		subject = s.names.Dead(key)
	}
	filter := query.filter()
	r := reader[DeadLetter]{
		s: s, what: "read dead letters", stream: s.names.DeadStream(), subject: subject,
		since: query.Since, until: query.Until, limit: query.Limit,
		decode: func(msg *nats.Msg) (DeadLetter, bool) {
			l := DeadLetter{}
			if meta, err := msg.Metadata(); err == nil { // it comes from a consumer
				l = s.letter(msg.Subject, meta.Sequence.Stream, meta.Timestamp, msg.Data)
			}
			return l, filter.Match(&l.Dead, l.Stored)
		},
	}
	letters := []DeadLetter{}
	if err := r.run(ctx, func(l DeadLetter) bool { letters = append(letters, l); return true }); err != nil {
		return nil, err
	}
	slices.Reverse(letters)
	return letters, nil
}

// anyKey refuses what is neither empty nor a key.
func anyKey(key string) error {
	if key == "" {
		return nil
	}
	return invalid(contract.CheckKey(key))
}

// letter reads a message of the stream of dead letters.
func (s *Schedule) letter(subject string, sequence uint64, stored time.Time, data []byte) DeadLetter {
	l := DeadLetter{Sequence: sequence, Stored: stored.UTC()}
	l.Dead, l.Bad = contract.Decode[contract.Dead](data)
	if l.Bad != nil {
		l.Dead = common.Dead{}
	}
	l.Key = strings.TrimPrefix(subject, s.names.Dead(""))
	return l
}

// DeadLetter returns one dead letter. The error is ErrNoLetter when there is none
// with that sequence.
func (s *Schedule) DeadLetter(sequence uint64) (DeadLetter, error) {
	ctx, cancel := s.plain()
	defer cancel()
	return s.DeadLetterContext(ctx, sequence)
}

// DeadLetterContext is DeadLetter with a context.
func (s *Schedule) DeadLetterContext(ctx context.Context, sequence uint64) (DeadLetter, error) {
	stream := s.names.DeadStream()
	what := fmt.Sprintf("read dead letter %d", sequence)
	msg, err := query(ctx, s, what, "MSG.GET."+stream, func(ctx context.Context) (*nats.RawStreamMsg, error) {
		return s.js.GetMsg(stream, max(sequence, 1), nats.Context(ctx))
	})
	switch {
	case errors.Is(err, nats.ErrMsgNotFound), errors.Is(err, nats.ErrStreamNotFound), sequence == 0:
		return DeadLetter{}, fmt.Errorf("%w: %d", ErrNoLetter, sequence)
	case err != nil:
		return DeadLetter{}, err
	}
	return s.letter(msg.Subject, msg.Sequence, msg.Time, msg.Data), nil
}
