package oteltrace

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Log is a core.ResultLog that makes a span of every record that another one
// stores, or fails to.
type Log struct {
	core.ResultLog
	tracer *tracing.Tracer
	names  contract.Names
}

var _ core.ResultLog = (*Log)(nil)

// NewLog wraps a log.
func NewLog(inner core.ResultLog, tracer *tracing.Tracer, names contract.Names) *Log {
	return &Log{ResultLog: inner, tracer: tracer, names: names}
}

// Append implements core.ResultLog.
func (l *Log) Append(ctx context.Context, records ...contract.Result) error {
	spans := l.begin(records)
	err := l.ResultLog.Append(ctx, records...)
	for _, span := range spans {
		if err != nil {
			span.SetStatus(codes.Error, "not stored")
		}
		span.End()
	}
	return err
}

// begin starts a span for each record whose trace is sampled.
func (l *Log) begin(records []contract.Result) (spans []trace.Span) {
	for i := range records {
		r := &records[i]
		if !l.tracer.Sampled(r.ID) {
			continue
		}
		start := l.tracer.Child
		if isEvent(r.ID) && r.Attempt == 0 {
			start = l.tracer.Root // it was not called: nothing else is told of it
		}
		spans = append(spans, start(r.ID, "record", trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(l.about(r)...)))
	}
	return spans
}

func (l *Log) about(r *contract.Result) []attribute.KeyValue {
	about := tracing.Message(r.ID, l.names.Result(r.Key), "publish", semconv.MessagingOperationTypeSend)
	about = append(
		about, tracing.Namespace.String(string(l.names)), tracing.Key.String(r.Key), tracing.Index.Int(r.Index),
		tracing.Record.String(r.Kind), tracing.Outcome.String(r.Outcome),
	)
	if r.Mode != "" {
		about = append(about, tracing.Mode.String(r.Mode))
	}
	if !r.Scheduled.IsZero() {
		about = append(about, tracing.Time.String(text(r.Scheduled)))
	}
	if r.Attempt != 0 {
		about = append(about, tracing.Attempt.Int(r.Attempt))
	}
	if r.ErrorClass != "" {
		about = append(about, tracing.ErrorClass.String(r.ErrorClass))
	}
	if r.Count != 0 {
		about = append(about, tracing.Missed.Int64(r.Count))
	}
	return about
}
