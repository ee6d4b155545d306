package client

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// ResultQuery chooses records of the log stream. The zero value chooses all
// that are kept; all fields that are set have to fit.
type ResultQuery struct {
	Since    time.Time // stored at or after; zero: however old
	Until    time.Time // stored at or before; zero: however new; not to be used with Follow
	Kinds    []string  // common.Kind…; empty: any
	Outcomes []string  // common.Outcome…; empty: any
	ID       string    // of the occurrence; empty: any
	Limit    int       // only the newest of those stored already; 0: all
	Follow   bool      // then wait for new ones, until the context ends
}

// check refuses what chooses nothing. Unknown kinds and outcomes are mistakes:
// a record that has one was written by a newer version.
func (q *ResultQuery) check() error {
	switch {
	case q.Limit < 0:
		return refuse("limit", "is negative, want 0 for all, or more")
	case q.Follow && !q.Until.IsZero():
		return refuse("until", "cannot be used with follow")
	case !q.Until.IsZero() && q.Until.Before(q.Since):
		return refuse("until", "is before since")
	}
	if err := known("kind", q.Kinds, kinds); err != nil {
		return err
	}
	return known("outcome", q.Outcomes, outcomes)
}

var (
	kinds    = []string{common.KindAttempt, common.KindFinal, common.KindMissed, common.KindBadEntry}
	outcomes = []string{
		common.OutcomeSuccess, common.OutcomeRetry, common.OutcomeFailed, common.OutcomeDead,
		common.OutcomeExpired, common.OutcomeSkipped, common.OutcomeLost, common.OutcomeMissed,
	}
)

func known(field string, values, all []string) error {
	for _, value := range values {
		if !slices.Contains(all, value) {
			return refuse(field, fmt.Sprintf("is %.40q, want one of %q", value, all))
		}
	}
	return nil
}

func (q *ResultQuery) match(r *common.Result) bool {
	return (len(q.Kinds) == 0 || slices.Contains(q.Kinds, r.Kind)) &&
		(len(q.Outcomes) == 0 || slices.Contains(q.Outcomes, r.Outcome)) &&
		(q.ID == "" || q.ID == r.ID)
}

// Results yields the records of a schedule, or of all schedules for the empty
// key, oldest first. There are none for a key that never fired, nor before the
// first scheduler or worker has run. A record that cannot be read is yielded as
// an error with the rest following, whatever the query chooses; any other error
// is the last. The error of a query that cannot be used is ErrInvalid.
func (s *Schedule) Results(ctx context.Context, key string, query ResultQuery) iter.Seq2[common.Result, error] {
	return func(yield func(common.Result, error) bool) {
		r, err := s.records(key, &query)
		if err == nil {
			err = r.run(ctx, func(read readResult) bool { return yield(read.result, read.err) })
		}
		if err != nil {
			yield(common.Result{}, err)
		}
	}
}

// readResult is a record, or why it cannot be read.
type readResult struct {
	result common.Result
	err    error
}

func (s *Schedule) records(key string, query *ResultQuery) (*reader[readResult], error) {
	if err := query.check(); err != nil {
		return nil, err
	}
	subject, of := s.names.Results(), "all schedules"
	if key != "" {
		if err := contract.CheckKey(key); err != nil {
			return nil, invalid(err)
		}
		subject, of = s.names.Result(key), fmt.Sprintf("%q", key)
	}
	return &reader[readResult]{
		s: s, what: "read results of " + of, stream: s.names.ResultStream(), subject: subject,
		since: query.Since, until: query.Until, limit: query.Limit, follow: query.Follow,
		decode: func(msg *nats.Msg) (readResult, bool) {
			result, err := contract.Decode[contract.Result](msg.Data)
			if err != nil {
				return readResult{err: fmt.Errorf("a result of %s: %w", of, err)}, true
			}
			return readResult{result: result}, query.match(&result)
		},
	}, nil
}

// resultReader reads records as they are stored, for those who judge them
// one by one.
type resultReader struct {
	s       *Schedule
	subject string
	query   ResultQuery // of which Since counts
	what    string
}

// run calls yield for every record until that returns false.
func (r *resultReader) run(ctx context.Context, yield func(*nats.Msg) bool) error {
	raw := reader[*nats.Msg]{
		s: r.s, what: r.what, stream: r.s.names.ResultStream(), subject: r.subject, since: r.query.Since,
		decode: func(msg *nats.Msg) (*nats.Msg, bool) { return msg, true },
	}
	return raw.run(ctx, yield)
}
