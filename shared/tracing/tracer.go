package tracing

import (
	"context"
	"crypto/rand"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/weplanx/workflow/shared/contract"
)

// Tracer makes spans in the traces of occurrences. It is safe for concurrent use
// and never blocks. Each span has to be ended.
type Tracer struct {
	tracer  trace.Tracer
	sampler sdktrace.Sampler
}

// Sampled reports whether the trace of an occurrence is recorded: all programs
// with the same sampler say the same. Spans of other traces would be thrown away.
func (t *Tracer) Sampled(occurrence string) bool {
	decided := t.sampler.ShouldSample(sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: traceID(occurrence)})
	return decided.Decision == sdktrace.RecordAndSample
}

// Root starts the first span of an occurrence's trace, whose ID follows from the
// occurrence: one program makes it, once.
func (t *Tracer) Root(occurrence, name string, options ...trace.SpanStartOption) trace.Span {
	ctx := context.WithValue(context.Background(), firstKey{}, first{traceID(occurrence), trace.SpanID(contract.RootSpan(occurrence))})
	_, span := t.tracer.Start(ctx, name, options...)
	return span
}

// Child starts a span below the first one.
func (t *Tracer) Child(occurrence, name string, options ...trace.SpanStartOption) trace.Span {
	_, span := t.tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), root(occurrence)), name, options...)
	return span
}

// Link points to the trace of another occurrence.
func Link(occurrence string) trace.Link { return trace.Link{SpanContext: root(occurrence)} }

// root is the first span of an occurrence's trace, where it is recorded.
func root(occurrence string) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID(occurrence), SpanID: trace.SpanID(contract.RootSpan(occurrence)), TraceFlags: trace.FlagsSampled, Remote: true,
	})
}

func traceID(occurrence string) trace.TraceID {
	id, _ := trace.TraceIDFromHex(contract.TraceID(occurrence)) // it is one
	return id
}

// first are the IDs of the span that Root starts.
type first struct {
	trace trace.TraceID
	span  trace.SpanID
}

type firstKey struct{}

// ids are those of new spans.
type ids struct{}

// NewIDs implements sdktrace.IDGenerator, for spans without a parent: those of
// Root.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if f, ok := ctx.Value(firstKey{}).(first); ok {
		return f.trace, f.span
	}
	var id trace.TraceID
	random(id[:])
	return id, ids{}.NewSpanID(ctx, id)
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	random(id[:])
	return id
}

// random fills an ID, which must not be all zero.
func random(id []byte) {
	_, _ = rand.Read(id) // never fails
	if last := len(id) - 1; id[last] == 0 {
		id[last] = 1
	}
}
