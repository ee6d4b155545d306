package mem

import (
	"context"

	"github.com/weplanx/workflow/worker/internal/core"
)

// Completions is core.CompletionSource in memory.
type Completions struct{ queue chan core.Completion }

// NewCompletions makes a source that keeps up to 1024 reports.
func NewCompletions() *Completions { return &Completions{queue: make(chan core.Completion, 1024)} }

// Publish sends a report. It returns false when too many are kept.
func (s *Completions) Publish(c core.Completion) bool {
	select {
	case s.queue <- c:
		return true
	default:
		return false
	}
}

// Receive implements core.CompletionSource.
func (s *Completions) Receive(ctx context.Context, sink func(core.Completion)) error {
	for ctx.Err() == nil {
		select {
		case c := <-s.queue:
			sink(c)
		case <-ctx.Done():
		}
	}
	for {
		select {
		case c := <-s.queue:
			sink(c)
		default:
			return nil
		}
	}
}
