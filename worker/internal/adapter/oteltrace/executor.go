package oteltrace

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Executor is a core.Executor that makes a span of every attempt of another one,
// and of the wait before it.
type Executor struct {
	core.Executor
	tracer *tracing.Tracer
	names  contract.Names
	now    func() time.Time
}

var _ core.Executor = (*Executor)(nil)

// NewExecutor wraps an executor.
func NewExecutor(inner core.Executor, tracer *tracing.Tracer, names contract.Names, clock core.Clock) *Executor {
	return &Executor{Executor: inner, tracer: tracer, names: names, now: clock.Now}
}

// Execute implements core.Executor.
func (e *Executor) Execute(ctx context.Context, call core.Call) core.Answer {
	if !e.tracer.Sampled(call.ID) {
		return e.Executor.Execute(ctx, call)
	}
	e.take(&call)
	span := e.begin(&call)
	answer := core.Answer{Verdict: core.Permanent, Class: contract.ErrorInvalid, Error: "the executor failed on this job"}
	defer func() { // when it panics as well; a deferred End would tell what the panic says
		finish(ctx, span, &call, answer)
		span.End()
	}()
	call.Span, call.Sampled = contract.SpanID(span.SpanContext().SpanID()), true
	answer = e.Executor.Execute(ctx, call)
	return answer
}

// take makes the span of what was before the attempt: the trigger was held until
// it was due, waited for its turn, its target and a slot.
func (e *Executor) take(call *core.Call) {
	if call.Taken.IsZero() {
		return
	}
	span := e.tracer.Child(
		call.ID, "take", trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(call.Taken),
		trace.WithAttributes(e.about(call)...),
		trace.WithAttributes(tracing.Message(call.ID, e.names.Trigger(call.Mode, call.Key), "take", semconv.MessagingOperationTypeReceive)...),
	)
	span.End(trace.WithTimestamp(e.now()))
}

func (e *Executor) begin(call *core.Call) trace.Span {
	name, kind, target := e.target(call)
	options := []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithAttributes(e.about(call)...), trace.WithAttributes(target...)}
	if call.WebhookID != call.ID {
		options = append(options, trace.WithLinks(tracing.Link(call.WebhookID)), trace.WithAttributes(tracing.Origin.String(call.WebhookID)))
	}
	if isEvent(call.ID) {
		return e.tracer.Root(call.ID, name, options...)
	}
	return e.tracer.Child(call.ID, name, options...)
}

// about are the attributes of all spans of a call.
func (e *Executor) about(call *core.Call) []attribute.KeyValue {
	return []attribute.KeyValue{
		tracing.Namespace.String(string(e.names)), tracing.Key.String(call.Key), tracing.Index.Int(call.Index),
		tracing.Mode.String(call.Mode), tracing.Time.String(text(call.Scheduled)), tracing.Attempt.Int(call.Attempt),
	}
}

// finish tells how the attempt went. The record may yet say otherwise, when
// another worker was faster.
func finish(ctx context.Context, span trace.Span, call *core.Call, answer core.Answer) {
	if answer.Verdict == core.Temporary && context.Cause(ctx) == core.ErrStopped { //nolint:errorlint // as the core does it
		answer.Class = contract.ErrorStopped
	}
	span.SetAttributes(tracing.Outcome.String(outcome(call, answer)))
	if answer.Status != 0 && call.Mode == contract.ModeHTTP {
		span.SetAttributes(semconv.HTTPResponseStatusCode(answer.Status))
	}
	if answer.Verdict == core.Success {
		return
	}
	span.SetAttributes(tracing.ErrorClass.String(answer.Class), errorType(answer))
	span.SetStatus(codes.Error, answer.Error)
}

// outcome is what follows from the answer, as the core decides it.
func outcome(call *core.Call, answer core.Answer) string {
	if call.Attempts == 0 && answer.Verdict != core.Success {
		return contract.OutcomeFailed // an event is not tried again
	}
	return core.Decide(answer, call.Attempt, call.Attempts, 0).Outcome
}

// isEvent: an event has no scheduler, so its first span is the worker's.
func isEvent(id string) bool { return strings.HasPrefix(id, contract.EventPrefix) }

func text(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }
