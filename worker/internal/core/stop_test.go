package core_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestStopHandsBackWhatWasNotCalled(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Concurrency = 1
		b.executor.Answer = mem.Takes(2 * time.Second)
		b.put(b.trigger("due1", 0))
		b.put(b.trigger("due2", 0))
		b.put(b.trigger("held", time.Second))
		stop := b.start()
		b.after(0)
		before := time.Now()
		stop()
		if took := time.Since(before); took != 2*time.Second {
			t.Errorf("stopped after %s, want when the call had finished", took)
		}
		b.wantCalls(1)
		b.wantLeft(2)
		var again []string
		began := time.Now()
		if err := b.queue.Receive(b.t.Context(), 2, func(d core.Delivery) { again = append(again, d.Key) }); err != nil {
			t.Fatal(err)
		}
		called := b.executor.Calls()[0].Key // either of the two that were due
		if !slices.Contains(again, "held") || slices.Contains(again, called) || time.Since(began) != 0 {
			t.Errorf("others got %v after %s", again, time.Since(began))
		}
	})
}

func TestStopCutsOffAfterTheGracePeriod(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(time.Minute)
		trigger := b.trigger("k", 0)
		trigger.Timeout = contract.Duration(5 * time.Minute)
		b.put(trigger)
		stop := b.start()
		b.after(time.Second)
		before := time.Now()
		stop()
		if took := time.Since(before); took != b.settings.Grace {
			t.Errorf("stopped after %s, want %s", took, b.settings.Grace)
		}
		b.wantLeft(1)
		records := b.log.Records()
		if len(records) != 1 || records[0].ErrorClass != contract.ErrorStopped || records[0].Outcome != contract.OutcomeRetry {
			t.Errorf("got %+v", records)
		}
		b.executor.Answer = nil
		b.start()
		b.after(0)
		b.wantLeft(0)
		if calls := b.executor.Calls(); len(calls) != 2 || calls[1].Attempt != 1 || calls[1].ID != trigger.ID {
			t.Errorf("got calls %v", calls)
		}
	})
}

func TestStopOfAnIdleWorkerIsImmediate(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		stop := b.start()
		b.after(time.Minute)
		before := time.Now()
		stop()
		stop()
		if took := time.Since(before); took != 0 {
			t.Errorf("stopped after %s", took)
		}
	})
}

// lingering is a queue that delivers for a while after it was told to stop, as
// a server does that has not heard of it yet.
type lingering struct {
	*mem.Queue
	linger time.Duration
}

func (q lingering) Receive(ctx context.Context, limit int, sink func(core.Delivery)) error {
	if err := q.Queue.Receive(ctx, limit, sink); err != nil || ctx.Err() == nil {
		return err
	}
	still, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.linger)
	defer cancel()
	return q.Queue.Receive(still, limit, sink)
}

func TestStopHandsNothingBackToItself(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.source = lingering{Queue: b.queue, linger: 100 * time.Millisecond}
		b.put(b.trigger("held", time.Second))
		stop := b.start()
		b.after(0)
		stop()
		b.wantCalls(0)
		var again core.Delivery
		if err := b.queue.Receive(b.t.Context(), 1, func(d core.Delivery) { again = d }); err != nil {
			t.Fatal(err)
		}
		if again.Count != 2 {
			t.Errorf("others got delivery %d, want the second", again.Count)
		}
	})
}

// late is a queue whose deliveries reach the worker a while after they were
// sent, as on the connection of a worker that was stalled.
type late struct {
	*mem.Queue
	by time.Duration
}

func (q late) Receive(ctx context.Context, limit int, sink func(core.Delivery)) error {
	return q.Queue.Receive(ctx, limit, func(d core.Delivery) {
		time.Sleep(q.by)
		sink(d)
	})
}

// Regression guard: what was sent to a worker before it was stalled may have been
// run by another when it resumes, although it looks like a first delivery.
func TestDeliveryThatWasOnItsWayDuringAStallIsLookedUp(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.put(b.trigger("k", 0))
		b.source = late{b.queue, ackWait + time.Second}
		b.start()
		b.after(time.Second)
		b.source = nil
		b.run("w2", &mortal{})
		b.after(time.Minute)
		b.wantCalls(1)
		if got := b.kinds(trigger.ID); len(got) != 2 {
			t.Errorf("got records %q", got)
		}
	})
}
