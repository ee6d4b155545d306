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
	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Executor is core.Executor for mode NATS, on a connection that it shares.
type Executor struct {
	nc       *nats.Conn
	refusals *natsio.Refusals
	names    contract.Names
	now      func() time.Time
}

var _ core.Executor = (*Executor)(nil)

// New makes an executor. The connection, whose refusals are given as well, stays
// the caller's.
func New(nc *nats.Conn, refusals *natsio.Refusals, names contract.Names, clock core.Clock) *Executor {
	return &Executor{nc: nc, refusals: refusals, names: names, now: clock.Now}
}

// Execute implements core.Executor. A message that is larger than the server
// takes is refused, and so is a reply: how large that is, its max_payload says.
func (e *Executor) Execute(ctx context.Context, call core.Call) core.Answer {
	ctx, cancel := context.WithTimeout(ctx, contract.MaxTimeout) // there has to be one
	defer cancel()
	var answer core.Answer
	if o, err := read(call); err != nil {
		answer = core.Answer{Verdict: core.Permanent, Class: contract.ErrorInvalid, Error: err.Error()}
	} else {
		answer = e.send(ctx, e.message(call, o), o)
	}
	answer.TraceID = contract.TraceID(call.ID)
	return answer
}

// send publishes the message and says what has become of it.
func (e *Executor) send(ctx context.Context, msg *nats.Msg, o *option) core.Answer {
	until, publication := e.refusals.Begin(ctx, msg.Subject)
	defer publication.End()
	var reply *nats.Msg
	var err error
	if o.Request {
		reply, err = e.nc.RequestMsgWithContext(until, msg)
	} else {
		err = e.publish(until, msg)
	}
	switch {
	case publication.Refused():
		return core.Answer{Verdict: core.Permanent, Class: contract.ErrorEgress, Error: "the worker's credential may not publish to the subject"}
	case err != nil:
		return failed(ctx, err)
	case reply != nil:
		return answered(reply, !o.NoExcerpt)
	}
	return core.Answer{Verdict: core.Success}
}

// publish returns when the server has the message. It tells the connection of a
// message that it does not take before it answers the flush.
func (e *Executor) publish(ctx context.Context, msg *nats.Msg) error {
	if err := e.nc.PublishMsg(msg); err != nil {
		return err
	}
	return e.nc.FlushWithContext(ctx)
}

// Plan implements core.Executor. The target is the first word of the subject, which
// as a rule names the service that listens. All its subjects share its limits.
func (e *Executor) Plan(raw json.RawMessage) core.Plan {
	var o option
	if json.Unmarshal(raw, &o) != nil || contract.CheckKey(o.Subject) != nil {
		return core.Plan{}
	}
	service, _, _ := strings.Cut(o.Subject, ".")
	return core.Plan{Target: "nats:" + service}
}
