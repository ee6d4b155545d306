package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
)

// unavailable is what a target answers that may recover.
func unavailable(context.Context, core.Call) core.Answer {
	return core.Answer{Class: contract.ErrorStatus, Status: 503, Error: "status 503"}
}

// record stores a record as another worker would have done.
func (b *bench) record(r contract.Result) {
	b.t.Helper()
	if err := b.log.Append(b.t.Context(), r); err != nil {
		b.t.Fatal(err)
	}
}

// tried stores that an attempt at the trigger ended with that outcome.
func (b *bench) tried(t contract.Trigger, attempt int, outcome string) {
	b.t.Helper()
	b.record(contract.Result{
		Kind: contract.KindAttempt, ID: t.ID, Key: t.Key, Attempt: attempt, Outcome: outcome,
		Finished: time.Now().UTC(), Status: 503,
	})
}

// delivered has the queue deliver its triggers n times to a worker that dies.
func (b *bench) delivered(n int) {
	b.t.Helper()
	for range n {
		if err := b.queue.Receive(b.t.Context(), 1, func(d core.Delivery) { _ = d.Handle.Retry(0) }); err != nil {
			b.t.Fatal(err)
		}
	}
}

func TestTemporaryFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = func(_ context.Context, c core.Call) core.Answer {
			if c.Attempt <= 3 {
				return core.Answer{Class: contract.ErrorStatus, Status: 503}
			}
			return core.Answer{Verdict: core.Success}
		}
		trigger := b.put(b.trigger("k", 0))
		b.start()
		b.after(time.Minute)
		// Half of 1, 2 and 4 s.
		if got, want := b.made(), []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 3500 * time.Millisecond}; !slices.Equal(got, want) {
			t.Errorf("called at %v, want %v", got, want)
		}
		want := []string{"attempt retry", "attempt retry", "attempt retry", "attempt success", "final success"}
		if got := b.kinds(trigger.ID); !slices.Equal(got, want) {
			t.Errorf("got records %q, want %q", got, want)
		}
		b.wantLeft(0)
		if got := b.letters(); len(got) != 0 {
			t.Errorf("got dead letters %q", got)
		}
	})
}

func TestTheLastAttemptIsFollowedByADeadLetter(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{0: contract.DefaultAttempts, 1: 1, 3: 3} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.executor.Answer = unavailable
				trigger := b.trigger("k", 0)
				trigger.Attempts = limit
				b.put(trigger)
				b.start()
				b.after(time.Hour)
				b.wantCalls(want)
				b.wantLeft(0)
				kinds := append(slices.Repeat([]string{"attempt retry"}, want-1), "attempt dead", "final dead")
				if got := b.kinds(trigger.ID); !slices.Equal(got, kinds) {
					t.Errorf("got records %q, want %q", got, kinds)
				}
				letters := b.dead.Letters()
				if len(letters) != 1 {
					t.Fatalf("got %d dead letters, want 1", len(letters))
				}
				if d := letters[0]; d.ID != trigger.ID || d.Outcome != contract.OutcomeDead || d.Attempts != want || d.Status != 503 ||
					d.ErrorClass != contract.ErrorStatus || d.Worker != "w1" || d.Died.IsZero() || d.Trigger == nil ||
					string(d.Trigger.Option) != string(trigger.Option) || d.Data != nil {
					t.Errorf("got %+v", d)
				}
			})
		})
	}
}

func TestPermanentFailureEndsAndCanBeSentAgain(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = func(context.Context, core.Call) core.Answer {
			return core.Answer{Verdict: core.Permanent, Class: contract.ErrorStatus, Status: 404}
		}
		trigger := b.put(b.trigger("k", 0))
		b.start()
		b.after(time.Hour)
		b.wantCalls(1)
		b.wantLeft(0)
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt failed", "final failed"}) {
			t.Errorf("got records %q", got)
		}
		if got := b.letters(); !slices.Equal(got, []string{"failed 1 status"}) {
			t.Errorf("got dead letters %q", got)
		}
	})
}

// Regression guard: deliveries that lead to no call, such as those of workers
// that stop or of a log that is away, must not use attempts up.
func TestDeliveriesAreNotAttempts(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = unavailable
		b.put(b.trigger("k", 0))
		b.delivered(40)
		b.start()
		b.after(10 * time.Minute)
		var attempts []int
		for _, call := range b.executor.Calls() {
			attempts = append(attempts, call.Attempt)
		}
		if !slices.Equal(attempts, []int{1, 2, 3, 4, 5}) {
			t.Errorf("got attempts %v", attempts)
		}
	})
}

func TestAttemptsOfOtherWorkersCount(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = unavailable
		trigger := b.put(b.trigger("k", 0))
		b.delivered(1)
		b.tried(trigger, 1, contract.OutcomeRetry)
		b.tried(trigger, 2, contract.OutcomeRetry)
		b.start()
		b.after(time.Hour)
		if calls := b.executor.Calls(); len(calls) != 3 || calls[0].Attempt != 3 {
			t.Errorf("got calls %v, want the third to the fifth attempt", calls)
		}
	})
}

// A worker may die between the record of an attempt and what follows from it.
func TestAttemptThatWasTheLastIsConcludedWithoutACall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attempt       int
		outcome, want string
		letters       []string
	}{
		"success":           {2, contract.OutcomeSuccess, "final success", nil},
		"failed":            {1, contract.OutcomeFailed, "final failed", []string{"failed 1 "}},
		"dead":              {5, contract.OutcomeDead, "final dead", []string{"dead 5 "}},
		"retry, none left":  {5, contract.OutcomeRetry, "final dead", []string{"dead 5 "}},
		"retry, more never": {9, contract.OutcomeRetry, "final dead", []string{"dead 9 "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				trigger := b.put(b.trigger("k", 0))
				b.delivered(1)
				b.tried(trigger, test.attempt, test.outcome)
				b.start()
				b.after(time.Hour)
				b.wantCalls(0)
				b.wantLeft(0)
				if got := b.kinds(trigger.ID); len(got) != 2 || got[1] != test.want {
					t.Errorf("got records %q, want %q", got, test.want)
				}
				if got := b.letters(); !slices.Equal(got, test.letters) {
					t.Errorf("got dead letters %q, want %q", got, test.letters)
				}
			})
		})
	}
}

func TestNoFurtherAttemptAfterADay(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.put(b.trigger("k", 0))
		b.delivered(1)
		b.tried(trigger, 1, contract.OutcomeRetry)
		b.after(25 * time.Hour)
		b.start()
		b.after(time.Minute)
		b.wantCalls(0)
		b.wantLeft(0)
		if got := b.letters(); !slices.Equal(got, []string{"dead 1 "}) {
			t.Errorf("got dead letters %q", got)
		}
	})
}

func TestNotAcknowledgedWhileTheDeadLetterCannotBeKept(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = unavailable
		b.dead.Refuse(errors.New("full"))
		trigger := b.trigger("k", 0)
		trigger.Attempts = 1
		b.put(trigger)
		b.start()
		b.after(10 * time.Minute)
		b.wantLeft(1)
		b.wantCalls(1) // its record says that it was the last
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt dead"}) {
			t.Errorf("got records %q", got)
		}
		b.dead.Refuse(nil)
		b.after(time.Minute)
		b.wantLeft(0)
		if got := b.letters(); !slices.Equal(got, []string{"dead 1 status"}) {
			t.Errorf("got dead letters %q", got)
		}
	})
}

// Regression guard: a worker that was stalled or cut off while another ran the
// trigger must not end the occurrence a second time, however late it returns.
func TestCallThatAnotherWorkerHasMadeMeanwhile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attempt int
		outcome string
		ended   bool
		want    []string
	}{
		"ended":     {1, contract.OutcomeSuccess, true, []string{"attempt success", "final success"}},
		"succeeded": {1, contract.OutcomeSuccess, false, []string{"attempt success", "final success"}},
		"failed":    {1, contract.OutcomeRetry, false, []string{"attempt retry", "attempt success", "final success"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.executor.Answer = mem.Takes(5 * time.Minute)
				trigger := b.trigger("k", 0)
				trigger.Timeout = contract.Duration(10 * time.Minute)
				b.put(trigger)
				b.start()
				b.after(time.Second)
				b.tried(trigger, test.attempt, test.outcome)
				if test.ended {
					b.record(contract.Result{Kind: contract.KindFinal, ID: trigger.ID, Key: "k", Outcome: test.outcome})
				}
				b.after(time.Hour)
				b.wantCalls(1)
				b.wantLeft(0)
				if got := b.kinds(trigger.ID); !slices.Equal(got, test.want) {
					t.Errorf("got records %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestSentAgainKeepsItsWebhookID(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.trigger("k", 0)
		trigger.Origin, trigger.ID = trigger.ID, trigger.ID+"-1"
		b.put(trigger)
		b.start()
		b.after(0)
		if calls := b.executor.Calls(); len(calls) != 1 || calls[0].WebhookID != trigger.Origin || calls[0].ID != trigger.ID {
			t.Errorf("got calls %+v", calls)
		}
		for _, r := range b.log.Records() {
			if r.ID != trigger.ID || r.Origin != trigger.Origin {
				t.Errorf("got %+v", r)
			}
		}
	})
}

// Sending a dead letter twice stores two triggers of one ID; the second may
// come long after the queue has forgotten the first.
func TestSentAgainTwiceIsRunOnce(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.trigger("k", 0)
		trigger.Origin, trigger.ID = trigger.ID, trigger.ID+"-1"
		b.put(trigger)
		b.start()
		for _, later := range []time.Duration{10 * time.Second, 50 * time.Minute} {
			b.after(later)
			trigger.Due = trigger.Due.Add(later)
			b.put(trigger)
		}
		b.after(time.Minute)
		b.wantCalls(1)
		b.wantLeft(0)
	})
}
