// Package natsevents is the source of events: a subscription on core NATS that
// all workers of a namespace share, so that one of them gets each event.
package natsevents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Queue is the queue group of the workers.
const Queue = "workers"

// drainTimeout bounds waiting for what is on its way when a worker stops.
const drainTimeout = 2 * time.Second

// Source is core.EventSource on NATS.
type Source struct {
	nc    *nats.Conn
	names contract.Names
}

// New makes a source. It subscribes to nothing yet.
func New(nc *nats.Conn, names contract.Names) *Source {
	return &Source{nc: nc, names: names}
}

// Receive implements core.EventSource. The subscription survives reconnects;
// what is published meanwhile is lost, and so is what exceeds the limits that
// nats.go has for a subscription (reported as an error of the source).
func (s *Source) Receive(ctx context.Context, sink func(core.Event)) error {
	sub, err := s.nc.QueueSubscribeSync(s.names.Events(), Queue)
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", s.names.Events(), err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	for {
		msg, err := sub.NextMsgWithContext(ctx)
		switch {
		case err == nil:
			sink(s.event(msg))
		case ctx.Err() != nil:
			s.drain(sub, sink)
			return nil
		case errors.Is(err, nats.ErrSlowConsumer):
			return fmt.Errorf("subscription to %s: events were lost: %w", s.names.Events(), err)
		default:
			return fmt.Errorf("subscription to %s: %w", s.names.Events(), err)
		}
	}
}

// drain ends the interest in further events and passes on those that came.
func (s *Source) drain(sub *nats.Subscription, sink func(core.Event)) {
	if err := sub.Drain(); err != nil {
		return // the connection is closed
	}
	for {
		msg, err := sub.NextMsg(drainTimeout)
		if err != nil {
			return // nothing is left, or the server is away
		}
		sink(s.event(msg))
	}
}

func (s *Source) event(msg *nats.Msg) core.Event {
	key, _ := s.names.EventKey(msg.Subject)
	event := core.Event{Key: key, Data: msg.Data}
	if msg.Reply != "" {
		event.Reply = func(final contract.Result) error {
			data, err := contract.Encode(final)
			if err != nil {
				return err
			}
			return msg.Respond(data)
		}
	}
	return event
}
