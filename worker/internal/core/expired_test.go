package core_test

import (
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
)

func TestStartDeadline(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		due      time.Duration
		deadline time.Duration
		calls    int
	}{
		"in time":               {-time.Minute, 2 * time.Minute, 1},
		"too late":              {-3 * time.Minute, 2 * time.Minute, 0},
		"in time by default":    {-59 * time.Minute, 0, 1},
		"too late by default":   {-61 * time.Minute, 0, 0},
		"shorter than the hold": {time.Second, time.Nanosecond, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				trigger := b.trigger("k", test.due)
				trigger.Deadline = contract.Duration(test.deadline)
				b.put(trigger)
				b.start()
				b.after(time.Minute)
				b.wantCalls(test.calls)
				b.wantLeft(0)
				records := b.log.Records()
				last := records[len(records)-1]
				if expired := last.Outcome == contract.OutcomeExpired; expired == (test.calls > 0) || last.Kind != contract.KindFinal {
					t.Errorf("got %+v", last)
				}
				if got := b.letters(); len(got) != 0 {
					t.Errorf("got dead letters %q", got)
				}
			})
		})
	}
}

func TestExpiredWhileItWaitedForASlot(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Concurrency = 1
		b.executor.Answer = mem.Takes(8 * time.Second)
		for _, key := range []string{"a", "b"} {
			trigger := b.trigger(key, 0)
			trigger.Deadline = contract.Duration(5 * time.Second)
			b.put(trigger)
		}
		b.start()
		b.after(time.Minute)
		b.wantCalls(1)
		b.wantLeft(0)
		outcomes := map[string]int{}
		for _, r := range b.log.Records() {
			if r.Kind == contract.KindFinal {
				outcomes[r.Outcome]++
			}
		}
		if outcomes[contract.OutcomeSuccess] != 1 || outcomes[contract.OutcomeExpired] != 1 {
			t.Errorf("got %v", outcomes)
		}
	})
}

// Retries are not new starts: their number bounds them.
func TestRetryAfterTheDeadlineIsMade(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = unavailable
		trigger := b.trigger("k", 0)
		trigger.Deadline, trigger.Attempts = contract.Duration(100*time.Millisecond), 3
		b.put(trigger)
		b.start()
		b.after(time.Minute)
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt retry", "attempt retry", "attempt dead", "final dead"}) {
			t.Errorf("got records %q", got)
		}
	})
}

// A trigger that kills every worker that calls it, so that no attempt is ever
// recorded, does not go on killing them.
func TestTriggerThatKillsWorkersEndsByItsDeadline(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.put(b.trigger("k", 0))
		for range 3 {
			b.delivered(1)
			b.after(30 * time.Minute)
		}
		b.start()
		b.after(time.Minute)
		b.wantCalls(0)
		b.wantLeft(0)
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"final expired"}) {
			t.Errorf("got records %q", got)
		}
	})
}
