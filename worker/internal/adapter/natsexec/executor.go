// Package natsexec runs jobs of mode NATS: it publishes a message below
// {namespace}.jobs. and, where the job says so, waits for a reply.
//
// A message without a reply is delivered when the server has taken it: who
// listens, or whether anyone does, is not known. A stream that takes messages of
// the subject keeps them, and answers a request itself, with its own
// acknowledgement; both is the affair of whoever has made the stream.
//
// A reply is a success unless it carries the headers Nats-Service-Error-Code or
// Nats-Service-Error, as a NATS micro service sets them (ADR-32). A code from 400
// to 499 is for good, except 408, 425 and 429; any other may pass. A reply with
// the header "schedule-complete: callback" says that the end will be reported
// later.
package natsexec

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Executor is core.Executor for mode NATS, on a connection that it shares.
type Executor struct {
	nc    *nats.Conn
	names contract.Names
	now   func() time.Time
}

var _ core.Executor = (*Executor)(nil)

// New makes an executor. The connection stays the caller's.
func New(nc *nats.Conn, names contract.Names, clock core.Clock) *Executor {
	return &Executor{nc: nc, names: names, now: clock.Now}
}

// Execute implements core.Executor. A message that is larger than the server
// takes is refused, and so is a reply: how large that is, its max_payload says.
func (e *Executor) Execute(ctx context.Context, call core.Call) core.Answer {
	ctx, cancel := context.WithTimeout(ctx, contract.MaxTimeout) // there has to be one
	defer cancel()
	o, err := read(call)
	if err != nil {
		return core.Answer{Verdict: core.Permanent, Class: contract.ErrorInvalid, Error: err.Error()}
	}
	msg := e.message(call, o)
	before := e.nc.LastError()
	var reply *nats.Msg
	if o.Request {
		reply, err = e.nc.RequestMsgWithContext(ctx, msg)
	} else {
		err = e.publish(ctx, msg)
	}
	answer := core.Answer{Verdict: core.Success}
	switch {
	case forbidden(before, e.nc.LastError(), msg.Subject):
		answer = core.Answer{Verdict: core.Permanent, Class: contract.ErrorEgress, Error: "the worker's credential may not publish to the subject"}
	case err != nil:
		answer = failed(ctx, err)
	case reply != nil:
		answer = answered(reply, !o.NoExcerpt)
	}
	answer.TraceID = traceID(call.ID)
	return answer
}

// publish returns when the server has the message. It tells the connection of a
// message that it does not take before it answers the flush.
func (e *Executor) publish(ctx context.Context, msg *nats.Msg) error {
	if err := e.nc.PublishMsg(msg); err != nil {
		return err
	}
	return e.nc.FlushWithContext(ctx)
}

// Target implements core.Executor: the first word of the subject, which as a rule
// names the service that listens. All its subjects share its limits.
func (e *Executor) Target(raw json.RawMessage) string {
	var o option
	if json.Unmarshal(raw, &o) != nil || contract.CheckKey(o.Subject) != nil {
		return ""
	}
	service, _, _ := strings.Cut(o.Subject, ".")
	return "nats:" + service
}
