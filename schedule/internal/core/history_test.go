package core_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

func TestDoubtAsksForHistoriesAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(1), every("* * * * * *"))
	b.planner.Doubt() // the watch was lost, and with it perhaps a revision …
	b.set("a", at(5), every("* * * * * *"))
	if keys := b.planner.Incomplete(contract.Cursor{Due: at(5)}); len(keys) != 1 {
		t.Errorf("Incomplete = %v, want a", keys)
	}
	b.planner.Recall(contract.Cursor{Due: at(5)}, "a", b.number, nil)
	b.planner.Trust()
	b.set("a", at(6), every("*/2 * * * * *"))
	if keys := b.planner.Incomplete(contract.Cursor{Due: at(5)}); len(keys) != 0 {
		t.Errorf("Incomplete = %v although every revision was applied", keys)
	}
}

func TestHistoryIsWantedForWhatChangedAfterTheCursor(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, planner: core.NewPlanner("ns", core.DefaultLimits)}
	old := b.revision("a", at(-10), contract.Schedule{Jobs: []contract.Job{every("* * * * * *")}})
	changed := b.revision("a", at(1), contract.Schedule{Jobs: []contract.Job{every("@at 2030-01-01T00:00:00Z")}})
	b.planner.Apply(changed) // a node that starts sees the newest only
	cursor := contract.Cursor{Due: at(0).Add(1)}
	if keys := b.planner.Incomplete(cursor); len(keys) != 1 || keys[0] != "a" {
		t.Fatalf("Incomplete = %v, want a", keys)
	}
	for _, r := range []core.Revision{old, changed} {
		b.planner.Recall(cursor, "a", r.Number, func() core.Revision { return r })
	}
	if keys := b.planner.Incomplete(cursor); len(keys) != 0 {
		t.Fatalf("Incomplete after its history = %v", keys)
	}
	b.planner.Position(cursor)
	ts, _ := b.plan(at(5), at(5))
	expect(t, ts, "a/0@1", "a/0@2", "a/0@3")
}

func TestHistoryIsWantedForAsLongAsAnEarlierRevisionMatters(t *testing.T) {
	t.Parallel()
	planner := core.NewPlanner("ns", core.DefaultLimits)
	planner.Apply(core.Revision{Key: "a", Number: 1, Stored: at(0), Deleted: true}) // takes effect at 2.5
	for due, want := range map[float64]int{2: 1, 2.6: 1, 5: 1, 5.1: 0} {
		if keys := planner.Incomplete(contract.Cursor{Due: at(due)}); len(keys) != want {
			t.Errorf("Incomplete at %g = %v, want %d: a schedule stored from %g on may ask what ran then", due, keys, want, due-2.5)
		}
	}
}

// Jitter keeps a revision's occurrences open for long; whether they are its own
// may depend on the revision before the one before it.
func TestHistoryIsWantedForWhatALongJitterLooksBackTo(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, planner: core.NewPlanner("ns", core.DefaultLimits)}
	b.set("a", at(0), every("0 0 1 1 *")) // what was before is not known …
	b.planner.Trust()
	delayed := every("* * * * * *")
	delayed.Jitter = contract.Duration(time.Hour)
	b.set("a", at(1), delayed) // … and ran the nominal time 2 or not
	if keys := b.planner.Incomplete(contract.Cursor{Due: at(5.1)}); len(keys) != 1 {
		t.Errorf("Incomplete = %v, want a", keys)
	}
	b.set("a", at(10), delayed)
	if keys := b.planner.Incomplete(contract.Cursor{Due: at(3700)}); len(keys) != 0 {
		t.Errorf("Incomplete = %v, want none: all that matters was applied", keys)
	}
}

func TestNothingIsRecalledBehindACursor(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, planner: core.NewPlanner("ns", core.DefaultLimits)}
	old := b.revision("a", at(-10), contract.Schedule{Jobs: []contract.Job{every("* * * * * *")}})
	b.set("a", at(-6), every("* * * * * *"))
	b.planner.Position(contract.Cursor{Due: at(0)})
	b.planner.Recall(contract.Cursor{Due: at(-5)}, "a", old.Number, func() core.Revision {
		t.Error("a revision is read for a planner that stands at a cursor")
		return old
	})
}

// What jitter had delayed when the schedule was changed is the new revision's,
// long after that took effect: a node that starts in between must know of it.
func TestHistoryIsWantedUntilJitterHasEnded(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, planner: core.NewPlanner("ns", core.DefaultLimits)}
	job := every("0 * * * * *")
	job.Jitter = contract.Duration(50 * time.Second)
	before := b.revision("a", at(-10), contract.Schedule{Jobs: []contract.Job{job}})
	job.Timeout = contract.Duration(time.Second)
	b.set("a", at(0.5), job) // after the nominal time 0, before it is due; takes effect at 3
	cursor := contract.Cursor{Due: at(6)}
	if keys := b.planner.Incomplete(cursor); len(keys) != 1 {
		t.Fatalf("Incomplete = %v, want a", keys)
	}
	if keys := b.planner.Incomplete(contract.Cursor{Due: at(55.6)}); len(keys) != 0 {
		t.Errorf("Incomplete = %v after jitter has ended, want none", keys)
	}
	for _, number := range []uint64{before.Number, b.number} {
		b.planner.Recall(cursor, "a", number, func() core.Revision { return before })
	}
	b.planner.Position(cursor)
	ts, _ := b.plan(at(58), at(58))
	if len(ts) != 1 || !ts[0].Scheduled.Equal(at(0)) || ts[0].Timeout == 0 {
		t.Errorf("got %v, want the occurrence of 0 with the new settings", brief(ts))
	}
}
