package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// reader reads what a subject of a stream holds, oldest first.
type reader[T any] struct {
	s       *Schedule
	what    string // for errors, for example `read results of "a"`
	stream  string
	subject string
	since   time.Time // stored at or after; zero: however old
	until   time.Time // stored at or before; zero: however new
	limit   int       // only the newest of those stored already; 0: all
	follow  bool      // then wait for new ones

	// decode makes an item of a message; ok is false when it is not wanted.
	decode func(*nats.Msg) (item T, ok bool)
}

// run calls yield for every item until that returns false. Nothing is to be read
// where there is no stream.
func (r *reader[T]) run(ctx context.Context, yield func(T) bool) error {
	info, err := r.s.streamInfo(ctx, r.what, r.stream)
	switch {
	case errors.Is(err, nats.ErrStreamNotFound) && !r.follow:
		return nil
	case errors.Is(err, nats.ErrStreamNotFound):
		return fmt.Errorf("%s: there is no stream %s yet, want a scheduler or worker that has run once: %w", r.what, r.stream, err)
	case err != nil:
		return err
	}
	var sub *nats.Subscription
	var more bool
	if r.limit > 0 {
		sub, more, err = r.newest(ctx, &info.State, yield)
	} else {
		sub, more, err = r.all(ctx, yield)
	}
	if sub != nil {
		defer func() { _ = sub.Unsubscribe() }() // the connection may be gone
	}
	for err == nil && more && r.follow {
		msg, ended := sub.NextMsgWithContext(ctx)
		if ended != nil {
			return r.ended(ctx, ended)
		}
		if item, ok := r.decode(msg); ok {
			more = yield(item)
		}
	}
	return err
}

// all yields what is stored. The subscription goes on after that.
func (r *reader[T]) all(ctx context.Context, yield func(T) bool) (sub *nats.Subscription, more bool, err error) {
	sub, pending, err := r.subscribe(ctx, r.since)
	if err != nil {
		return nil, false, err
	}
	more, err = r.kept(ctx, sub, pending, yield)
	return sub, more, err
}

// newest yields the newest of what is stored. A stream cannot be read from its
// end, so it looks back for a minute, then for ever longer, until there are
// enough.
func (r *reader[T]) newest(ctx context.Context, state *nats.StreamState, yield func(T) bool) (sub *nats.Subscription, more bool, err error) {
	const growth = 8
	end := state.LastTime
	if !r.until.IsZero() {
		end = earlier(end, r.until)
	}
	for back := time.Minute; ; back *= growth {
		from := end.Add(-back)
		last := !from.After(r.since) || !from.After(state.FirstTime) || state.Msgs == 0
		if last {
			from = r.since
		}
		sub, pending, err := r.subscribe(ctx, from)
		if err != nil {
			return nil, false, err
		}
		found := ring[T]{limit: r.limit}
		if last || pending >= uint64(r.limit) { //nolint:gosec // it is positive
			if _, err := r.kept(ctx, sub, pending, found.add); err != nil {
				return sub, false, err
			}
		}
		if last || found.full() {
			return sub, found.each(yield), nil
		}
		_ = sub.Unsubscribe() // tried again from earlier on
	}
}

// ring holds the newest items.
type ring[T any] struct {
	limit int
	items []T
}

func (r *ring[T]) full() bool { return len(r.items) >= r.limit }

func (r *ring[T]) add(item T) bool {
	if r.full() {
		r.items = r.items[1:]
	}
	r.items = append(r.items, item)
	return true
}

func (r *ring[T]) each(yield func(T) bool) bool {
	for _, item := range r.items {
		if !yield(item) {
			return false
		}
	}
	return true
}

// kept calls yield for the pending messages that are wanted; more is false when
// that stopped it.
func (r *reader[T]) kept(ctx context.Context, sub *nats.Subscription, pending uint64, yield func(T) bool) (more bool, err error) {
	for range pending {
		limited, cancel := context.WithTimeoutCause(ctx, r.s.timeout, &noAnswerError{r.s.timeout})
		msg, err := sub.NextMsgWithContext(limited)
		err = r.ended(limited, err)
		cancel()
		if err != nil {
			return false, err
		}
		meta, err := msg.Metadata()
		if err == nil && !r.until.IsZero() && meta.Timestamp.After(r.until) {
			break // so is what follows
		}
		if item, ok := r.decode(msg); ok && !yield(item) {
			return false, nil
		}
		if err == nil && meta.NumPending == 0 {
			break // some have expired meanwhile
		}
	}
	return true, nil
}

func (r *reader[T]) ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return explain(r.what, err)
}

func (r *reader[T]) subscribe(ctx context.Context, from time.Time) (*nats.Subscription, uint64, error) {
	options := []nats.SubOpt{nats.BindStream(r.stream), nats.OrderedConsumer(), nats.Context(ctx)}
	if from.IsZero() {
		options = append(options, nats.DeliverAll())
	} else {
		options = append(options, nats.StartTime(from))
	}
	sub, err := request(ctx, r.s, r.what, r.stream, func(context.Context) (*nats.Subscription, error) {
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
