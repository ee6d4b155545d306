// Package natsevents is the source of events: a subscription on core NATS that
// all workers of a namespace share, so that one of them gets each event.
package natsevents

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Queue is the queue group of the workers.
const Queue = "workers"

// Source is core.EventSource on NATS.
type Source struct {
	nc    *nats.Conn
	names contract.Names
}

// New makes a source. It subscribes to nothing yet.
func New(nc *nats.Conn, names contract.Names) *Source {
	return &Source{nc: nc, names: names}
}

// Receive implements core.EventSource: see natsio.Receive.
func (s *Source) Receive(ctx context.Context, sink func(core.Event)) error {
	return natsio.Receive(ctx, s.nc, s.names.Events(), Queue, func(msg *nats.Msg) { sink(s.event(msg)) })
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
