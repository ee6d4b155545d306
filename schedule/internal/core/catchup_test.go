package core_test

import (
	"fmt"
	"testing"

	"github.com/weplanx/workflow/schedule/internal/core"
)

func TestPlanDoesNotCatchUpPastTheHorizon(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(-10), every("*/10 * * * * *"))
	ts, _ := b.plan(at(1000), at(35)) // what was stored after 35 may be unknown
	expect(t, ts, "a/0 missed 10-20 x2", "a/0@30")
}

func TestLateWithinGraceRunsEveryOccurrence(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(-10), every("*/10 * * * * *"))
	ts, _ := b.plan(at(39.9), at(39.9))
	expect(t, ts, "a/0@10", "a/0@20", "a/0@30")
}

func TestLaterThanGraceRunsTheLatestAndRecordsTheRest(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(-10), every("*/10 * * * * *"))
	b.set("b", at(-10), every("0 * * * * *"))
	ts, cursor := b.plan(at(100), at(101))
	expect(t, ts, "a/0 missed 10-60 x6", "a/0@70", "b/0@60", "a/0@80", "a/0@90", "a/0@100")
	if cursor.CatchUp != nil {
		t.Errorf("cursor %+v is still catching up", cursor)
	}
}

func TestCatchUpDoesNotRunWhatWasRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(-10), every("*/10 * * * * *"))
	b.planner.Apply(core.Revision{Key: "a", Number: 99, Stored: at(35), Deleted: true})
	ts, _ := b.plan(at(1000), at(1000))
	expect(t, ts, "a/0 missed 10-30 x3")
}

func TestCatchUpContinuesAtItsCursor(t *testing.T) {
	t.Parallel()
	const keys = 700 // two commits
	b := setup(t, at(0))
	load := func() {
		for i := range keys {
			b.set(fmt.Sprintf("k%03d", i), at(-10), every("*/10 * * * * *"))
		}
	}
	load()
	first, ok := b.planner.Plan(at(100), at(100))
	if !ok || first.Cursor.CatchUp == nil {
		t.Fatalf("first step %+v, want one that is catching up", first.Cursor)
	}
	b.planner = core.NewPlanner("ns", core.DefaultLimits) // another node
	load()
	b.planner.Position(first.Cursor)
	rest, _ := b.plan(at(100), at(100))
	run, missed := map[string]int{}, map[string]int64{}
	for _, trigger := range append(first.Triggers, rest...) {
		if trigger.Missed != nil {
			missed[trigger.Key] += trigger.Missed.Count
			continue
		}
		run[trigger.Key]++
	}
	for i := range keys {
		key := fmt.Sprintf("k%03d", i)
		if int64(run[key])+missed[key] != 10 || missed[key] != 6 {
			t.Fatalf("%s: run %d, missed %d, want 10 in all", key, run[key], missed[key])
		}
	}
}
