// Package oteltrace makes the spans of a scheduler, by wrapping the ports that it
// stores triggers with. Each occurrence has one, "fire", the first of its trace: it
// lasts from when the occurrence was due, or from when its commit began if that was
// before, until the trigger was stored. Its ID follows from the occurrence, so that
// workers know it. Of a commit whose outcome is not known, and of one that another
// scheduler was faster with, nothing is told.
package oteltrace

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/tracing"
)

// Publisher is a core.Publisher that makes a span of every trigger that another
// one has stored.
type Publisher struct {
	core.Publisher
	spans spans
}

var _ core.Publisher = (*Publisher)(nil)

// NewPublisher wraps a publisher.
func NewPublisher(inner core.Publisher, tracer *tracing.Tracer, names contract.Names, now func() time.Time) *Publisher {
	return &Publisher{Publisher: inner, spans: spans{tracer, names, now}}
}

// Commit implements core.Publisher.
func (p *Publisher) Commit(ctx context.Context, partition int, fence core.Fence, step core.Step) (core.Fence, error) {
	began := p.spans.now()
	next, err := p.Publisher.Commit(ctx, partition, fence, step)
	if err == nil && len(step.Triggers) > 0 {
		stored := p.spans.now()
		about := []attribute.KeyValue{
			tracing.Partition.Int(partition), tracing.Node.String(step.Cursor.Node), semconv.MessagingBatchMessageCount(len(step.Triggers)),
		}
		for i := range step.Triggers {
			p.spans.fire(&step.Triggers[i], began, stored, about...)
		}
	}
	return next, err
}

// Sender is a core.Sender that makes a span of every trigger that another one has
// sent. A dead letter's points to the trace of the occurrence that it was of.
type Sender struct {
	core.Sender
	spans spans
}

var _ core.Sender = (*Sender)(nil)

// NewSender wraps a sender.
func NewSender(inner core.Sender, tracer *tracing.Tracer, names contract.Names, now func() time.Time) *Sender {
	return &Sender{Sender: inner, spans: spans{tracer, names, now}}
}

// Send implements core.Sender.
func (s *Sender) Send(ctx context.Context, t contract.Trigger) error {
	began := s.spans.now()
	err := s.Sender.Send(ctx, t)
	if err == nil {
		s.spans.fire(&t, began, s.spans.now())
	}
	return err
}

// spans makes spans of triggers.
type spans struct {
	tracer *tracing.Tracer
	names  contract.Names
	now    func() time.Time
}

func (s *spans) fire(t *contract.Trigger, began, stored time.Time, more ...attribute.KeyValue) {
	if !s.tracer.Sampled(t.ID) {
		return
	}
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithTimestamp(start(t, began)),
		trace.WithAttributes(s.about(t)...), trace.WithAttributes(more...),
	}
	if t.Origin != "" {
		options = append(options, trace.WithLinks(tracing.Link(t.Origin)), trace.WithAttributes(tracing.Origin.String(t.Origin)))
	}
	s.tracer.Root(t.ID, "fire", options...).End(trace.WithTimestamp(stored))
}

// start is when a span begins: that something is late is to be seen. What was
// caught up after an outage may be late by days, which would hide all else.
func start(t *contract.Trigger, began time.Time) time.Time {
	if late := began.Sub(t.Due); late > 0 && late <= core.Grace {
		return t.Due
	}
	return began
}

func (s *spans) about(t *contract.Trigger) []attribute.KeyValue {
	about := tracing.Message(t.ID, s.names.Trigger(t.Mode, t.Key), "publish", semconv.MessagingOperationTypeSend)
	about = append(
		about, tracing.Namespace.String(string(s.names)), tracing.Key.String(t.Key), tracing.Index.Int(t.Index), tracing.Mode.String(t.Mode),
		tracing.Time.String(text(t.Scheduled)), tracing.Due.String(text(t.Due)),
	)
	if t.Missed != nil {
		about = append(about, tracing.Missed.Int64(t.Missed.Count))
	}
	return about
}

func text(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }
