package tracing

import (
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// queue is the SDK's batch processor, whose queue never blocks, with a count of
// what it has: so that what is dropped is told, which the SDK keeps to itself.
type queue struct {
	sdktrace.SpanProcessor
	limit   int64
	waiting *atomic.Int64 // spans that ended and are not exported yet
	losses  *losses
}

func newQueue(p *plan, export *exporter, losses *losses) *queue {
	return &queue{
		SpanProcessor: sdktrace.NewBatchSpanProcessor(
			export,
			sdktrace.WithMaxQueueSize(p.queue), sdktrace.WithMaxExportBatchSize(p.batch),
			sdktrace.WithBatchTimeout(p.delay), sdktrace.WithExportTimeout(p.exportTimeout),
		),
		limit: int64(p.queue), waiting: &export.waiting, losses: losses,
	}
}

// OnEnd implements sdktrace.SpanProcessor. The batch that is being sent counts as
// well, so the queue itself is never full.
func (q *queue) OnEnd(span sdktrace.ReadOnlySpan) {
	if q.waiting.Add(1) > q.limit {
		q.waiting.Add(-1)
		q.losses.add(1, "the queue is full")
		return
	}
	q.SpanProcessor.OnEnd(span)
}
