// Package natscomplete is the source of completions that targets report over
// NATS: a subscription on core NATS that all workers of a namespace share. A
// report that is sent as a request is answered with a contract.CompletedReply.
package natscomplete

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Queue is the queue group of the workers.
const Queue = "workers"

// Source is core.CompletionSource on NATS.
type Source struct {
	nc    *nats.Conn
	names contract.Names
}

// New makes a source. It subscribes to nothing yet.
func New(nc *nats.Conn, names contract.Names) *Source {
	return &Source{nc: nc, names: names}
}

// Receive implements core.CompletionSource: see natsio.Receive. Targets repeat
// what is lost.
func (s *Source) Receive(ctx context.Context, sink func(core.Completion)) error {
	return natsio.Receive(ctx, s.nc, s.names.Completions(), Queue, func(msg *nats.Msg) { sink(s.completion(msg)) })
}

func (s *Source) completion(msg *nats.Msg) core.Completion {
	c := core.Completion{Token: strings.TrimPrefix(msg.Subject, s.names.Completion("")), Data: msg.Data}
	if msg.Reply != "" {
		c.Reply = func(err error) error {
			data, failed := json.Marshal(contract.CompletedReply{Error: text(err)})
			if failed != nil {
				return failed
			}
			return msg.Respond(data)
		}
	}
	return c
}

// text is what the target is told: what is wrong with its report, and nothing of
// the insides.
func text(err error) string {
	var field *contract.FieldError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, core.ErrNotOpen), errors.Is(err, contract.ErrMalformed), errors.As(err, &field):
		return err.Error()
	}
	return "the report cannot be stored now, send it again"
}
