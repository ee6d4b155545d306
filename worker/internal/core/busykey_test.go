package core_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// busyLog is the log of a key that has so many records that no more than those of
// the last minutes can be read at once.
type busyLog struct{ core.ResultLog }

const (
	readable  = 10 * time.Minute
	openAfter = time.Minute // from when on states are asked for first
)

func (l busyLog) Progress(ctx context.Context, key, occurrence string, since time.Time) (core.Progress, error) {
	if time.Since(since) > readable {
		return core.Progress{}, context.DeadlineExceeded
	}
	return l.ResultLog.Progress(ctx, key, occurrence, since)
}

func busy(log core.ResultLog) core.ResultLog { return busyLog{log} }

// Regression guard: a trigger that waited for its completion was resumed by what
// the log held of it, and never when that was too much to be read.
func TestLongJobOfABusyKeyEnds(t *testing.T) {
	t.Parallel()
	const limit = 24 * time.Hour
	for name, test := range map[string]struct {
		meanwhile func(b *bench) // while no worker runs
		want      string
	}{
		"reported and recorded":     {func(b *bench) { b.mustReport("success") }, "final success"},
		"reported, not recorded":    {func(b *bench) { b.mustReportUnwritten("failed") }, "final failed"},
		"recorded, but not as done": {func(b *bench) { b.mustReportWithoutDone("success") }, "final success"},
		"reported later": {func(b *bench) {
			stop := b.start()
			b.after(time.Hour)
			b.mustReport("success")
			b.after(time.Hour)
			stop()
		}, "final success"},
		"reported long ago": {func(b *bench) {
			b.mustReport("success")
			b.after(6 * 24 * time.Hour)
		}, "final success"},
		"never reported":                {func(b *bench) { b.after(limit) }, "final lost"},
		"never reported, workers away":  {func(b *bench) { b.after(limit + 3*24*time.Hour) }, "final lost"},
		"reported when the states fail": {func(b *bench) { b.failStatesFor(2 * time.Hour); b.mustReport("success") }, "final success"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.wrap = busy
				b.executor.Answer = accepts
				trigger := b.trigger("k", 0)
				trigger.Completion = contract.Duration(limit)
				b.put(trigger)
				stop := b.start()
				b.after(time.Second)
				stop()
				b.after(3 * time.Hour)
				test.meanwhile(b)
				b.start()
				b.after(limit)
				b.wantCalls(1)
				b.wantLeft(0)
				if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt success", test.want}) {
					t.Errorf("got records %q, want an attempt and %q", got, test.want)
				}
			})
		})
	}
}

// The state is asked for only where a completion may have been waited for for
// long: what comes again soon, as most does, is looked up in the log alone.
func TestStatesAreNotAskedForWhatComesAgainSoon(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = unavailable
		b.put(b.trigger("k", 0))
		b.start()
		b.after(0)
		b.states.Refuse(errors.New("not needed"))
		b.after(30 * time.Second)
		b.wantLeft(0)
	})
}

// What is left of a completion goes when its trigger has come and its time has
// passed, however short the job's limit is.
func TestCompletionIsForgottenOnceItsTriggerIsGone(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{30 * time.Second, openAfter, time.Hour} {
		t.Run(limit.String(), func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.executor.Answer = accepts
				trigger := b.trigger("k", 0)
				trigger.Completion = contract.Duration(limit)
				b.put(trigger)
				b.start()
				b.after(10 * time.Second)
				b.mustReport("")
				b.after(limit + 20*time.Minute)
				b.wantLeft(0)
				if n := b.states.Len(); n != 1 { // the key of tokens
					t.Errorf("%d states are left", n)
				}
			})
		})
	}
}

// The log keeps records for a week, the queue a trigger for longer: an occurrence
// whose target has accepted it is not called again all the same.
func TestCompletionIsRememberedWhileNoWorkerRuns(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = accepts
		trigger := b.trigger("k", 0)
		trigger.Completion, trigger.Deadline = contract.Duration(contract.MaxCompletion), contract.Duration(contract.MaxDeadline)
		b.put(trigger)
		stop := b.start()
		b.after(time.Second)
		stop()
		b.wrap = func(log core.ResultLog) core.ResultLog { return forgetful{log} }
		b.after(contract.MaxCompletion + 6*24*time.Hour)
		b.start()
		b.after(time.Hour)
		b.wantCalls(1)
		if got := b.letters(); !slices.Equal(got, []string{"lost 1 lost"}) {
			t.Errorf("got dead letters %q", got)
		}
	})
}

// forgetful is a log whose records have expired.
type forgetful struct{ core.ResultLog }

func (forgetful) Progress(context.Context, string, string, time.Time) (core.Progress, error) {
	return core.Progress{}, nil
}

func (b *bench) mustReport(outcome string) {
	b.t.Helper()
	if err := b.report(b.token(), outcome, ""); err != nil {
		b.t.Fatal(err)
	}
}

// mustReportUnwritten reports to a worker that does not get to write the end.
func (b *bench) mustReportUnwritten(outcome string) {
	b.t.Helper()
	b.log.Refuse(errors.New("away"))
	b.mustReport(outcome)
	b.log.Refuse(nil)
}

// mustReportWithoutDone reports to a worker that dies once it has recorded the end.
func (b *bench) mustReportWithoutDone(outcome string) {
	b.t.Helper()
	m := &mortal{}
	m.then = func() {
		if records := b.log.Records(); records[len(records)-1].Kind == contract.KindFinal {
			m.died.Store(true)
		}
	}
	worker := core.New(core.Settings{Name: "desk", Concurrency: 1}, m.ports(b.ports()))
	if err := worker.Complete(b.t.Context(), b.token(), contract.Completed{Outcome: outcome}); err != nil || !m.died.Load() {
		b.t.Fatalf("got %v, died: %t", err, m.died.Load())
	}
}

// failStatesFor runs a worker while the states are away.
func (b *bench) failStatesFor(d time.Duration) {
	b.t.Helper()
	stop := b.start()
	b.after(time.Second)
	b.states.Refuse(errors.New("away"))
	b.after(d)
	b.states.Refuse(nil)
	stop()
}
