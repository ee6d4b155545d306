package mem

import (
	"context"

	"github.com/weplanx/workflow/worker/internal/core"
)

// Events is core.EventSource in memory.
type Events struct{ queue chan core.Event }

// NewEvents makes a source that keeps up to 1024 events.
func NewEvents() *Events { return &Events{queue: make(chan core.Event, 1024)} }

// Publish sends an event. It returns false when too many are kept.
func (s *Events) Publish(e core.Event) bool {
	select {
	case s.queue <- e:
		return true
	default:
		return false
	}
}

// Receive implements core.EventSource.
func (s *Events) Receive(ctx context.Context, sink func(core.Event)) error {
	for ctx.Err() == nil {
		select {
		case e := <-s.queue:
			sink(e)
		case <-ctx.Done():
		}
	}
	for {
		select {
		case e := <-s.queue:
			sink(e)
		default:
			return nil
		}
	}
}
