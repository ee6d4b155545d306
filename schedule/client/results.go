package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// ResultQuery chooses records of the log stream. The zero value chooses all
// that are kept.
type ResultQuery struct {
	Since  time.Time // stored at or after; zero: however old
	Limit  int       // only the newest of those stored already; 0: all
	Follow bool      // then wait for new ones, until the context ends
}

// Results yields the records of a schedule, oldest first. There are none for a
// key that never fired, nor before the first scheduler or worker has run. A
// record that cannot be read is yielded as an error with the rest following;
// any other error is the last.
func (s *Schedule) Results(ctx context.Context, key string, query ResultQuery) iter.Seq2[common.Result, error] {
	return func(yield func(common.Result, error) bool) {
		if err := contract.CheckKey(key); err != nil {
			yield(common.Result{}, invalid(err))
			return
		}
		r := resultReader{s: s, subject: s.names.Result(key), query: query, what: fmt.Sprintf("read results of %q", key)}
		err := r.run(ctx, func(msg *nats.Msg) bool {
			result, err := contract.Decode[contract.Result](msg.Data)
			if err != nil {
				err = fmt.Errorf("a result of %q: %w", key, err)
			}
			return yield(result, err)
		})
		if err != nil {
			yield(common.Result{}, err)
		}
	}
}

type resultReader struct {
	s       *Schedule
	subject string
	query   ResultQuery
	what    string
}

// run calls yield for every record until that returns false.
func (r *resultReader) run(ctx context.Context, yield func(*nats.Msg) bool) error {
	info, err := r.s.streamInfo(ctx, r.what, r.s.names.ResultStream())
	switch {
	case errors.Is(err, nats.ErrStreamNotFound) && !r.query.Follow:
		return nil
	case errors.Is(err, nats.ErrStreamNotFound):
		return fmt.Errorf("%s: there is no log stream yet, want a scheduler or worker that has run once: %w", r.what, err)
	case err != nil:
		return err
	}
	sub, pending, err := r.open(ctx, &info.State)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }() // the connection may be gone
	keep := newest{limit: r.query.Limit, yield: yield}
	if more, err := r.kept(ctx, sub, pending, keep.add); err != nil || !more || !keep.flush() {
		return err
	}
	for r.query.Follow {
		msg, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return r.ended(ctx, err)
		}
		if !yield(msg) {
			return nil
		}
	}
	return nil
}

// newest holds records back until they are known to be among the newest. A
// limit of 0 holds nothing back.
type newest struct {
	limit int
	held  []*nats.Msg
	yield func(*nats.Msg) bool
}

func (n *newest) add(msg *nats.Msg) bool {
	if n.limit <= 0 {
		return n.yield(msg)
	}
	if n.held = append(n.held, msg); len(n.held) > n.limit {
		n.held = n.held[1:]
	}
	return true
}

func (n *newest) flush() bool {
	for _, msg := range n.held {
		if !n.yield(msg) {
			return false
		}
	}
	return true
}

// kept calls yield for the pending records; more is false when that stopped it.
func (r *resultReader) kept(ctx context.Context, sub *nats.Subscription, pending uint64, yield func(*nats.Msg) bool) (more bool, err error) {
	for range pending {
		limited, cancel := context.WithTimeoutCause(ctx, r.s.timeout, &noAnswerError{r.s.timeout})
		msg, err := sub.NextMsgWithContext(limited)
		err = r.ended(limited, err)
		cancel()
		if err != nil {
			return false, err
		}
		if !yield(msg) {
			return false, nil
		}
		if meta, err := msg.Metadata(); err == nil && meta.NumPending == 0 {
			break // some have expired meanwhile
		}
	}
	return true, nil
}

func (r *resultReader) ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return explain(r.what, err)
}

// open subscribes such that not many more than Limit records are pending. A
// stream cannot be read from its end, so it looks back for a minute, then for
// ever longer, until there are enough.
func (r *resultReader) open(ctx context.Context, state *nats.StreamState) (*nats.Subscription, uint64, error) {
	const growth = 8
	if r.query.Limit <= 0 {
		return r.subscribe(ctx, r.query.Since)
	}
	for back := time.Minute; ; back *= growth {
		from := state.LastTime.Add(-back)
		last := !from.After(r.query.Since) || !from.After(state.FirstTime)
		if last {
			from = r.query.Since
		}
		sub, pending, err := r.subscribe(ctx, from)
		if err != nil || last || pending >= uint64(r.query.Limit) {
			return sub, pending, err
		}
		_ = sub.Unsubscribe() // tried again below
	}
}

func (r *resultReader) subscribe(ctx context.Context, from time.Time) (*nats.Subscription, uint64, error) {
	options := []nats.SubOpt{nats.BindStream(r.s.names.ResultStream()), nats.OrderedConsumer(), nats.Context(ctx)}
	if from.IsZero() {
		options = append(options, nats.DeliverAll())
	} else {
		options = append(options, nats.StartTime(from))
	}
	sub, err := request(ctx, r.s, r.what, r.s.names.ResultStream(), func(context.Context) (*nats.Subscription, error) {
		return r.s.js.SubscribeSync(r.subject, options...)
	})
	if err != nil {
		return nil, 0, err
	}
	pending, err := sub.InitialConsumerPending()
	if err != nil {
		_ = sub.Unsubscribe() // the error that matters is err
		return nil, 0, explain(r.what, err)
	}
	return sub, pending, nil
}
