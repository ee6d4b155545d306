package core_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
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

// Lateness is from when an occurrence was due to the attempt's begin: nothing
// for one that was held until then, however early its trigger came.
func TestLatenessIsRecorded(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Concurrency = 1
		b.executor.Answer = func(ctx context.Context, c core.Call) core.Answer {
			if c.Key == "again" && c.Attempt == 1 {
				return unavailable(ctx, c)
			}
			return mem.Takes(2500*time.Millisecond)(ctx, c)
		}
		want := map[string][]time.Duration{ // of the attempts at a trigger of that key, and of its final record
			"held":    {0, 0},
			"waits":   {1500 * time.Millisecond, 1500 * time.Millisecond},  // for the slot of the first
			"overdue": {time.Minute, time.Minute},                          // when it was put
			"again":   {0, 500 * time.Millisecond, 500 * time.Millisecond}, // after half of 1 s
		}
		b.start()
		b.put(b.trigger("overdue", -time.Minute))
		b.after(time.Minute)
		b.put(b.trigger("held", time.Second))
		b.put(b.trigger("waits", 2*time.Second))
		b.after(time.Minute)
		b.put(b.trigger("again", time.Second))
		b.after(time.Minute)
		got := map[string][]time.Duration{}
		for _, r := range b.log.Records() {
			got[r.Key] = append(got[r.Key], time.Duration(r.Lateness))
		}
		if !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
