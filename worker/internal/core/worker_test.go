package core_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestTriggerIsCalledRecordedAndAcknowledged(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(time.Second)
		trigger := b.put(b.trigger("k", 0))
		b.start()
		b.after(2 * time.Second)
		b.wantLeft(0)
		records := b.log.Records()
		if len(records) != 2 {
			t.Fatalf("got %d records, want 2", len(records))
		}
		final := records[1]
		if final.Kind != contract.KindFinal || final.ID != trigger.ID || final.Key != "k" || final.Mode != "HTTP" ||
			final.Attempt != 1 || final.Status != 200 || final.Worker != "w1" || !final.Due.Equal(trigger.Due) ||
			final.Finished.Sub(final.Started) != time.Second {
			t.Errorf("got %+v", final)
		}
		if records[0].Kind != contract.KindAttempt || records[0].Outcome != contract.OutcomeSuccess {
			t.Errorf("got %+v", records[0])
		}
	})
}

func TestHeldUntilDueWithoutASlot(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Concurrency = 1
		for range 3 {
			b.put(b.trigger("held", time.Second))
		}
		b.put(b.trigger("due", 0))
		b.start()
		b.after(0)
		b.wantCalls(1)
		b.after(time.Second)
		if got := b.executor.Calls(); len(got) != 4 || got[0].Key != "due" || got[1].At.Sub(b.began) != time.Second {
			t.Errorf("got %v, want the due one at once and the others after a second", got)
		}
	})
}

func TestDueLaterIsHandedBack(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.put(b.trigger("k", time.Minute))
		b.start()
		b.after(0)
		if got := b.monitor.HandedBack(); len(got) != 1 || got[0].Delay != 58*time.Second {
			t.Errorf("handed back: %v", got)
		}
		b.after(time.Minute)
		if got := b.made(); !slices.Equal(got, []time.Duration{time.Minute}) {
			t.Errorf("called at %v, want when it was due", got)
		}
	})
}

func TestNoMoreCallsThanSlots(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(5 * time.Second)
		for range 20 {
			b.put(b.trigger("k", 0))
		}
		b.start()
		b.after(0)
		b.wantCalls(4)
		b.after(5 * time.Second)
		b.wantCalls(8)
	})
}

// What a worker cannot run soon stays in the queue, for others.
func TestNoMoreTriggersThanCanRun(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(5 * time.Second)
		for range 100 {
			b.put(b.trigger("k", 0))
		}
		b.start()
		b.after(0)
		other, cancel := context.WithCancel(context.Background())
		left := 0
		go func() { _ = b.queue.Receive(other, 1000, func(core.Delivery) { left++ }) }()
		b.after(0)
		cancel()
		b.after(0)
		if want := 100 - 2*4; left != want {
			t.Errorf("%d triggers were left to others, want %d", left, want)
		}
	})
}

func TestTimeoutOfTheJob(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(time.Hour)
		short, usual := b.trigger("short", 0), b.trigger("usual", 0)
		short.Timeout = contract.Duration(2 * time.Second)
		b.put(short)
		b.put(usual)
		b.start()
		b.after(10 * time.Second)
		first := map[string]time.Duration{}
		for _, r := range b.log.Records() {
			if r.Attempt == 1 {
				first[r.Key] = r.Finished.Sub(r.Started)
			}
		}
		if first["short"] != 2*time.Second || first["usual"] != contract.DefaultTimeout {
			t.Errorf("got %v", first)
		}
	})
}

func TestLongCallsAndWaitsAreNotDeliveredAgain(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Concurrency = 1
		b.executor.Answer = mem.Takes(5 * time.Minute)
		for _, key := range []string{"a", "b"} {
			trigger := b.trigger(key, 0)
			trigger.Timeout = contract.Duration(10 * time.Minute)
			b.put(trigger)
		}
		b.start()
		b.after(time.Hour)
		b.wantLeft(0)
		b.wantCalls(2)
		for _, c := range b.executor.Calls() {
			if c.Attempt != 1 {
				t.Errorf("%s was delivered %d times", c.Key, c.Attempt)
			}
		}
	})
}

func TestDeliveredAgainAfterItsEndIsNotRun(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.trigger("k", 0)
		final := contract.Result{Kind: contract.KindFinal, ID: trigger.ID, Key: "k"}
		if err := b.log.Append(b.t.Context(), final); err != nil {
			t.Fatal(err)
		}
		b.put(trigger)
		_ = b.queue.Receive(b.t.Context(), 1, func(d core.Delivery) { _ = d.Handle.Retry(0) }) // of a worker that died
		b.start()
		b.after(time.Minute)
		b.wantCalls(0)
		b.wantLeft(0)
	})
}

func TestLateAfterItsEndIsNotRun(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		late, fine := b.trigger("late", -time.Minute), b.trigger("fine", -time.Minute)
		final := contract.Result{Kind: contract.KindFinal, ID: late.ID, Key: "late"}
		if err := b.log.Append(b.t.Context(), final); err != nil {
			t.Fatal(err)
		}
		b.put(late)
		b.put(fine)
		b.start()
		b.after(time.Minute)
		b.wantLeft(0)
		if got := b.executor.Calls(); len(got) != 1 || got[0].Key != "fine" {
			t.Errorf("got calls %v, want only the one without a final record", got)
		}
	})
}

func TestDeliveredAgainIsNotRunWhileTheLogCannotBeAsked(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.log.Refuse(errors.New("away"))
		b.put(b.trigger("k", -time.Minute))
		b.start()
		b.after(time.Minute)
		b.wantCalls(0)
		b.wantLeft(1)
		b.log.Refuse(nil)
		b.after(10 * time.Minute)
		b.wantCalls(1)
		b.wantLeft(0)
	})
}

func TestNotAcknowledgedWhileTheRecordCannotBeStored(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.put(b.trigger("k", 0))
		b.log.Refuse(errors.New("full"))
		b.start()
		b.after(20 * time.Second)
		b.log.Refuse(nil)
		b.after(10 * time.Second)
		b.wantCalls(1) // it was stored late, not called twice
		b.wantLeft(0)
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt success", "final success"}) {
			t.Errorf("got records %q", got)
		}
	})
}

func TestHandedBackWhenTheRecordCannotBeStoredForLong(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.put(b.trigger("k", 0))
		b.log.Refuse(errors.New("full"))
		b.start()
		b.after(10 * time.Minute)
		b.wantLeft(1)
		b.wantCalls(1) // the log is asked before the next call
		b.log.Refuse(nil)
		b.after(10 * time.Minute)
		b.wantLeft(0)
		if got := b.kinds(trigger.ID); len(got) != 2 || got[1] != "final success" {
			t.Errorf("got records %q", got)
		}
	})
}

func TestAcknowledgementThatFailsIsLivedWith(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.put(b.trigger("k", 0))
		b.queue.Refuse(errors.New("away"))
		b.start()
		b.after(0)
		b.wantLeft(1)
		b.queue.Refuse(nil)
		b.after(time.Minute)
		b.wantLeft(0)
		b.wantCalls(1)
		if got := b.kinds(trigger.ID); len(got) != 2 {
			t.Errorf("got records %q", got)
		}
		if len(b.monitor.Troubles()) == 0 {
			t.Error("the monitor was not told")
		}
	})
}

func TestPanicOfAnExecutorEndsTheOccurrence(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = func(context.Context, core.Call) core.Answer { panic("bug") }
		trigger := b.put(b.trigger("k", 0))
		b.start()
		b.after(time.Hour)
		b.wantCalls(1)
		b.wantLeft(0)
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt failed", "final failed"}) {
			t.Errorf("got records %q", got)
		}
	})
}
