package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
)

// every puts n occurrences of one job, due one after the other.
func (b *bench) every(overlap string, gap time.Duration, n int) (list []contract.Trigger) {
	b.t.Helper()
	for i := range n {
		trigger := b.trigger("k", time.Duration(i)*gap)
		trigger.Overlap, trigger.Timeout = overlap, contract.Duration(10*time.Minute)
		list = append(list, b.put(trigger))
	}
	return list
}

// outcomes returns the outcomes of the final records, in the order of list.
func (b *bench) outcomes(list []contract.Trigger) (outcomes []string) {
	finals := map[string]string{}
	for _, r := range b.log.Records() {
		if r.Kind == contract.KindFinal {
			finals[r.ID] += r.Outcome
		}
	}
	for _, t := range list {
		outcomes = append(outcomes, finals[t.ID])
	}
	return outcomes
}

// called returns the indices in list of the calls that were made.
func (b *bench) called(list []contract.Trigger) (order []int) {
	for _, c := range b.executor.Calls() {
		order = append(order, slices.IndexFunc(list, func(t contract.Trigger) bool { return t.ID == c.ID }))
	}
	return order
}

func TestOverlapAllowRunsBoth(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"", contract.OverlapAllow} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.executor.Answer = mem.Takes(time.Minute)
				b.start()
				b.after(0)
				b.states.Refuse(errors.New("not needed"))
				list := b.every(policy, time.Second, 3)
				b.after(3 * time.Second)
				b.wantCalls(3)
				b.after(time.Hour)
				if got := b.outcomes(list); !slices.Equal(got, []string{"success", "success", "success"}) {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}

func TestOverlapSkip(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(150 * time.Second)
		list := b.every(contract.OverlapSkip, time.Minute, 6)
		b.start()
		b.run("w2", &mortal{})
		b.after(time.Hour)
		want := []string{"success", "skipped", "skipped", "success", "skipped", "skipped"}
		if got := b.outcomes(list); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, r := range b.log.Records() {
			if r.Outcome == contract.OutcomeSkipped && !strings.Contains(r.Reason, list[0].ID) && !strings.Contains(r.Reason, list[3].ID) {
				t.Errorf("the reason %q names no occurrence", r.Reason)
			}
		}
		b.wantLeft(0)
		if n := len(b.dead.Letters()); n != 0 {
			t.Errorf("got %d dead letters", n)
		}
		if n := b.states.Len(); n != 1 { // the key of tokens
			t.Errorf("%d states are left", n)
		}
	})
}

func TestOverlapQueueRunsInOrderOfDueTime(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		var running atomic.Int64
		b.executor.Answer = func(ctx context.Context, c core.Call) core.Answer {
			if running.Add(1) > 1 {
				t.Error("two run at once")
			}
			defer running.Add(-1)
			return mem.Takes(25*time.Second)(ctx, c)
		}
		list := b.every(contract.OverlapQueue, time.Second, 8)
		b.start()
		b.run("w2", &mortal{})
		b.after(time.Hour)
		if got := b.called(list); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
			t.Errorf("called in the order %v", got)
		}
		b.wantLeft(0)
		if n := b.states.Len(); n != 1 { // the key of tokens
			t.Errorf("%d states are left", n)
		}
	})
}

// Several nominal times may be due at once, for example where a schedule has just
// been stored.
func TestOverlapQueueRunsInOrderOfNominalTimeWhatIsDueAtOnce(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(time.Second)
		var list []contract.Trigger
		for i := range 8 {
			trigger := b.trigger("k", 0)
			trigger.ID, trigger.Overlap = fmt.Sprint(9-i), contract.OverlapQueue
			trigger.Scheduled = trigger.Scheduled.Add(time.Duration(i-8) * time.Second)
			list = append(list, trigger)
		}
		b.put(list[0])
		b.start()
		b.after(time.Millisecond)
		for _, i := range []int{3, 1, 7, 2, 6, 5, 4} {
			b.put(list[i])
		}
		b.after(time.Minute)
		if got := b.called(list); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
			t.Errorf("called in the order %v", got)
		}
	})
}

// What has piled up is worked off without long waits in between.
func TestQueuePassesTheTurnOnSoon(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = func(ctx context.Context, c core.Call) core.Answer {
			if time.Since(b.began) < 2*time.Minute {
				return mem.Takes(2*time.Minute)(ctx, c)
			}
			return mem.Takes(10*time.Millisecond)(ctx, c)
		}
		list := b.every(contract.OverlapQueue, 2*time.Second, 50)
		b.start()
		b.run("w2", &mortal{})
		b.after(2*time.Minute + 50*time.Second)
		if got := b.called(list); len(got) != 50 || !slices.IsSorted(got) {
			t.Errorf("called %v, want all 50 in order", got)
		}
	})
}

func TestQueuedOnesExpire(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(time.Minute)
		list := b.every(contract.OverlapQueue, 0, 1)
		late := b.trigger("k", time.Second)
		late.Overlap, late.Deadline = contract.OverlapQueue, contract.Duration(30*time.Second)
		list = append(list, b.put(late))
		b.start()
		b.after(50 * time.Second)
		if got := b.outcomes(list); !slices.Equal(got, []string{"", "expired"}) {
			t.Errorf("got %q", got)
		}
		b.after(time.Hour)
		b.wantCalls(1)
	})
}

// Regression guard: between two attempts an occurrence is away, and the job is
// taken by nobody.
func TestAnOccurrenceRunsBetweenItsAttempts(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{contract.OverlapSkip, contract.OverlapQueue} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.executor.Answer = func(_ context.Context, c core.Call) core.Answer {
					if c.Attempt == 1 {
						return core.Answer{RetryAfter: 4 * time.Minute}
					}
					return core.Answer{Verdict: core.Success}
				}
				list := b.every(policy, time.Minute, 4)
				b.start()
				b.after(time.Hour)
				want, calls := []string{"success", "skipped", "skipped", "skipped"}, []int{0, 0}
				if policy == contract.OverlapQueue {
					want, calls = slices.Repeat([]string{"success"}, 4), []int{0, 0, 1, 1, 2, 2, 3, 3}
				}
				if got := b.outcomes(list); !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
				if got := b.called(list); !slices.Equal(got, calls) {
					t.Errorf("called %v, want %v", got, calls)
				}
			})
		})
	}
}

// A worker that dies keeps the job for nobody: its occurrence is run by another,
// and then the next.
func TestAWorkerThatDiesFreesTheJob(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(time.Hour)
		list := b.every(contract.OverlapQueue, time.Second, 3)
		kill := b.startMortal("w2")
		b.after(10 * time.Second)
		b.wantCalls(1)
		kill()
		b.executor.Answer = nil
		b.start()
		b.after(30 * time.Second)
		if got := b.called(list); !slices.Equal(got, []int{0, 0, 1, 2}) {
			t.Errorf("called %v", got)
		}
	})
}

// An occurrence that nobody runs any more, since its trigger is gone, does not
// keep the job for long.
func TestATurnThatNobodyHasEnds(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(time.Hour)
		b.every(contract.OverlapSkip, 0, 1)
		kill := b.startMortal("w2")
		b.after(10 * time.Second)
		kill()
		_ = b.queue.Receive(b.t.Context(), 1, func(d core.Delivery) { _ = d.Handle.Ack() })
		b.executor.Answer = nil
		b.after(20 * time.Second)
		list := []contract.Trigger{b.trigger("k", 0)}
		list[0].Overlap = contract.OverlapSkip
		b.put(list[0])
		b.start()
		b.after(time.Second)
		if got := b.outcomes(list); !slices.Equal(got, []string{"success"}) {
			t.Errorf("got %q", got)
		}
	})
}

func TestStopKeepsTheTurnForTheNextWorker(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Grace = time.Second
		b.executor.Answer = mem.Takes(time.Hour)
		list := b.every(contract.OverlapSkip, 0, 1)
		stop := b.start()
		b.after(time.Second)
		stop()
		b.executor.Answer = mem.Takes(10 * time.Second)
		second := b.trigger("k", 0)
		second.Overlap = contract.OverlapSkip
		list = append(list, b.put(second))
		b.start()
		b.after(time.Minute)
		if got := b.outcomes(list); !slices.Equal(got, []string{"success", "skipped"}) {
			t.Errorf("got %q", got)
		}
	})
}

func TestNotRunWhileTheStateOfItsJobIsNotKnown(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.states.Refuse(errors.New("away"))
		list := b.every(contract.OverlapSkip, 0, 1)
		b.start()
		b.after(time.Minute)
		b.wantCalls(0)
		b.wantLeft(1)
		b.states.Refuse(nil)
		b.after(time.Minute)
		b.wantLeft(0)
		if got := b.outcomes(list); !slices.Equal(got, []string{"success"}) {
			t.Errorf("got %q", got)
		}
	})
}

// Garbage in the place of a state, which anyone may have put there who may
// publish, stops no job.
func TestAStateThatCannotBeReadIsReplaced(t *testing.T) {
	t.Parallel()
	for _, garbage := range []string{"\xff", "[]", `{"v":1,"state":[]}`, `{"v":1,"state":{"run":1}}`} {
		t.Run(fmt.Sprintf("%q", garbage), func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				if _, err := b.states.Store(b.t.Context(), "job.0.k", []byte(garbage), 0, time.Hour); err != nil {
					t.Fatal(err)
				}
				list := b.every(contract.OverlapQueue, 0, 1)
				b.start()
				b.after(time.Second)
				if got := b.outcomes(list); !slices.Equal(got, []string{"success"}) {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}

// Two schedules, and two jobs of one, do not wait for each other.
func TestJobsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(time.Second)
		for _, key := range []string{"a", "a.b", "1.a"} {
			for index := range 2 {
				trigger := b.trigger(key, 0)
				trigger.Index, trigger.Overlap = index, contract.OverlapQueue
				trigger.ID = contract.OccurrenceID("beta", key, index, trigger.Scheduled)
				b.put(trigger)
			}
		}
		b.settings.Concurrency = 10
		b.start()
		b.after(0)
		b.wantCalls(6)
	})
}
