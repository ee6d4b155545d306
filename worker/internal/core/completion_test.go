package core_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// accepts answers that the completion will be reported later.
func accepts(context.Context, core.Call) core.Answer {
	return core.Answer{Verdict: core.Success, Status: 202, Accepted: true}
}

// token is that of the last call.
func (b *bench) token() string {
	b.t.Helper()
	calls := b.executor.Calls()
	if len(calls) == 0 {
		b.t.Fatal("nothing was called")
	}
	return calls[len(calls)-1].Token
}

// report reports to a worker of its own, as the HTTP endpoint of any may do.
func (b *bench) report(token, outcome, text string) error {
	worker := core.New(core.Settings{Name: "desk", Concurrency: 1}, b.ports())
	return worker.Complete(b.t.Context(), token, contract.Completed{Outcome: outcome, Error: text})
}

func TestCompletionIsReported(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		outcome, text string
		want          contract.Result
		letters       []string
	}{
		"success":       {"success", "", contract.Result{Outcome: contract.OutcomeSuccess}, nil},
		"nothing said":  {"", "", contract.Result{Outcome: contract.OutcomeSuccess}, nil},
		"text dropped":  {"success", "all fine", contract.Result{Outcome: contract.OutcomeSuccess}, nil},
		"failed":        {"failed", "disk full", contract.Result{Outcome: contract.OutcomeFailed, ErrorClass: contract.ErrorTarget, Error: "disk full"}, []string{"failed 1 target"}},
		"failed, mute":  {"failed", "\x00\n", contract.Result{Outcome: contract.OutcomeFailed, ErrorClass: contract.ErrorTarget, Error: "the target reported a failure"}, []string{"failed 1 target"}},
		"failed, dirty": {"failed", "a\r\nb\x1b[31m\xff", contract.Result{Outcome: contract.OutcomeFailed, ErrorClass: contract.ErrorTarget, Error: "a  b[31m"}, []string{"failed 1 target"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.executor.Answer = accepts
				trigger := b.put(b.trigger("k", 0))
				b.start()
				b.after(20 * time.Minute)
				b.wantCalls(1)
				if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt success"}) {
					t.Fatalf("got records %q", got)
				}
				if err := b.report(b.token(), test.outcome, test.text); err != nil {
					t.Fatal(err)
				}
				records := b.log.Records()
				if len(records) != 2 {
					t.Fatalf("got %d records, want the final one at once", len(records))
				}
				final := records[1]
				if final.Kind != contract.KindFinal || final.ID != trigger.ID || final.Attempt != 1 || final.Status != 202 || final.Reason != "" ||
					final.Outcome != test.want.Outcome || final.ErrorClass != test.want.ErrorClass || final.Error != test.want.Error ||
					!final.Finished.Equal(b.began.Add(20*time.Minute)) || final.Worker != "desk" {
					t.Errorf("got %+v", final)
				}
				if got := b.letters(); !slices.Equal(got, test.letters) {
					t.Errorf("got dead letters %q", got)
				}
				b.after(10 * time.Minute)
				b.wantLeft(0)
				b.wantCalls(1)
				if got := b.kinds(trigger.ID); len(got) != 2 {
					t.Errorf("got records %q", got)
				}
			})
		})
	}
}

func TestCompletionThatNeverComesIsLost(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]time.Duration{"default": 0, "short": 90 * time.Second, "a week": contract.MaxCompletion} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.executor.Answer = accepts
				trigger := b.trigger("k", 0)
				trigger.Completion = contract.Duration(limit)
				b.put(trigger)
				b.start()
				if limit == 0 {
					limit = contract.DefaultCompletion
				}
				b.after(limit - time.Second)
				if got := b.kinds(trigger.ID); len(got) != 1 {
					t.Errorf("got records %q before its time", got)
				}
				b.after(2 * time.Second)
				if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt success", "final lost"}) {
					t.Errorf("got records %q", got)
				}
				if got := b.letters(); !slices.Equal(got, []string{"lost 1 lost"}) {
					t.Errorf("got dead letters %q", got)
				}
				if d := b.dead.Letters()[0]; d.Trigger == nil || string(d.Trigger.Option) != string(trigger.Option) {
					t.Errorf("got %+v", d)
				}
				b.wantLeft(0)
				b.wantCalls(1)
				if err := b.report(b.token(), "success", ""); !errors.Is(err, core.ErrNotOpen) {
					t.Errorf("a report that came too late: got %v", err)
				}
			})
		})
	}
}

// A target that drops calls which it has had knows only the first one's token.
func TestTokenIsTheSameOnEveryAttempt(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = func(_ context.Context, c core.Call) core.Answer {
			if c.Attempt == 1 {
				return core.Answer{Class: contract.ErrorTimeout}
			}
			return accepts(context.Background(), c)
		}
		b.put(b.trigger("k", 0))
		stop := b.start()
		b.after(100 * time.Millisecond)
		first := b.token()
		stop()
		b.run("w2", &mortal{})
		b.after(time.Minute)
		b.wantCalls(2)
		if second := b.token(); second != first || len(first) < 22+32 || contract.CheckKey(first) != nil || strings.Contains(first, ".") {
			t.Errorf("got tokens %q and %q", first, second)
		}
		if err := b.report(first, "", ""); err != nil {
			t.Error(err)
		}
		b.put(b.trigger("other", 0))
		b.after(0)
		if third := b.token(); third[len(third)-22:] == first[len(first)-22:] {
			t.Error("two occurrences have one secret")
		}
	})
}

// Whoever dies when: the occurrence ends once, as it was reported.
func TestWorkerDiesAroundACompletion(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	for name, test := range map[string]struct {
		harm func(b *bench) // after the target has accepted
		mend func(b *bench)
		want []string
	}{
		"before the state was stored": {
			func(b *bench) { b.states.Refuse(away) }, func(b *bench) { b.states.Refuse(nil) },
			[]string{"attempt success", "final success"},
		},
		"before the attempt was recorded": {
			func(b *bench) { b.log.Refuse(away) }, func(b *bench) { b.log.Refuse(nil) },
			[]string{"attempt success", "final success"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				trigger := b.put(b.trigger("k", 0))
				b.executor.Answer = func(ctx context.Context, c core.Call) core.Answer {
					test.harm(b)
					return accepts(ctx, c)
				}
				kill := b.startMortal("w2")
				b.after(10 * time.Second)
				kill()
				test.mend(b)
				b.executor.Answer = accepts
				b.start()
				b.after(time.Minute)
				if err := b.report(b.token(), "", ""); err != nil {
					t.Fatal(err)
				}
				b.after(time.Hour)
				b.wantLeft(0)
				if got := b.kinds(trigger.ID); !slices.Equal(got, test.want) {
					t.Errorf("got records %q, want %q", got, test.want)
				}
			})
		})
	}
}

// After a report was taken its end is written at once, or by whoever gets the
// trigger next, also when its time has passed then.
func TestEndThatCouldNotBeWrittenAtOnce(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]time.Duration{"long before its time": time.Hour, "at its time": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.executor.Answer = accepts
				trigger := b.trigger("k", 0)
				trigger.Completion = contract.Duration(limit)
				b.put(trigger)
				b.start()
				b.after(time.Second)
				b.log.Refuse(errors.New("away"))
				if err := b.report(b.token(), "failed", "no"); err != nil {
					t.Fatal(err)
				}
				b.log.Refuse(nil)
				b.after(10 * time.Minute)
				b.wantLeft(0)
				if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt success", "final failed"}) {
					t.Errorf("got records %q", got)
				}
				if got := b.letters(); !slices.Equal(got, []string{"failed 1 target"}) {
					t.Errorf("got dead letters %q", got)
				}
			})
		})
	}
}

func TestAnOccurrenceRunsUntilItsCompletion(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string][]string{
		contract.OverlapSkip:  {"success", "skipped", "skipped", ""},
		contract.OverlapQueue: {"success", "", "", ""},
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.executor.Answer = accepts
				list := b.every(policy, 10*time.Minute, 4)
				b.start()
				b.after(25 * time.Minute)
				b.wantCalls(1)
				if err := b.report(b.token(), "", ""); err != nil {
					t.Fatal(err)
				}
				b.after(10 * time.Minute)
				b.wantCalls(2)
				if got := b.outcomes(list); !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		})
	}
}

func TestEventsCannotBeCompletedLater(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = accepts
		b.events.Publish(core.Event{Key: "k", Data: []byte(goodEvent)})
		b.start()
		b.after(0)
		if token := b.token(); token != "" {
			t.Errorf("got token %q", token)
		}
		if records := b.log.Records(); len(records) != 2 || records[1].Outcome != contract.OutcomeSuccess || records[1].Reason != "" {
			t.Errorf("got %+v", records)
		}
	})
}

// Two workers that start together agree on the key of the tokens.
func TestWorkersShareTheKey(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		for range 8 {
			b.run("w", &mortal{})
		}
		b.after(10 * time.Second)
		tokens := map[string]bool{}
		for range 200 {
			b.put(b.trigger("k", 0))
		}
		b.after(0)
		for _, call := range b.executor.Calls() {
			tokens[call.Token] = true
		}
		if len(tokens) != 1 {
			t.Errorf("got %d tokens of one occurrence", len(tokens))
		}
	})
}

func TestStateOfACompletionHoldsNoToken(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = accepts
		trigger := b.put(b.trigger("k", 0))
		b.start()
		b.after(time.Second)
		state, err := b.states.Load(b.t.Context(), "open."+trigger.ID)
		if err != nil || len(state.Data) == 0 {
			t.Fatalf("got %+v, %v", state, err)
		}
		if secret := strings.TrimPrefix(b.token(), trigger.ID); strings.Contains(string(state.Data), secret) {
			t.Error("the state holds the token")
		}
	})
}
