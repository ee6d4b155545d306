package core_test

import (
	"testing"
	"time"
)

// Triggers that are held do not keep the worker from asking for more.
func TestHeldOnesLeaveRoom(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		for range 200 {
			b.put(b.trigger("held", time.Second))
		}
		b.put(b.trigger("due", 0))
		b.start()
		b.after(0)
		b.wantCalls(1)
		b.after(time.Second)
		b.wantCalls(201)
		b.wantLeft(0)
	})
}

func TestHeldOnesAreLimited(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.MaxHeld = 10
		for range 100 {
			b.put(b.trigger("held", time.Second))
		}
		b.put(b.trigger("due", 0))
		b.start()
		b.after(0)
		b.wantCalls(0) // it is behind more than the worker may hold
		b.after(time.Second)
		b.wantCalls(101)
	})
}
