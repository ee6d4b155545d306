package core_test

import (
	"testing"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// A cursor ahead of the present can stand past the removal of a schedule that
// may yet be stored again from before it: what the one before the removal ran
// must not be forgotten, nor left unread by a node that begins there.
func TestScheduleRemovedAndStoredAgainRepeatsNothingAfterATakeover(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		around func(b *bench) // changes the schedule before the takeover
	}{
		{"removed", func(b *bench) {
			b.number++
			b.planner.Apply(core.Revision{Key: "a", Number: b.number, Stored: at(0), Deleted: true})
		}},
		{"changed", func(b *bench) { b.set("a", at(0), every("0 0 1 1 *")) }},
		{"paused", func(b *bench) {
			b.planner.Apply(b.revision("a", at(0), contract.Schedule{Paused: true, Jobs: []contract.Job{every("* * * * * *")}}))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, at(0))
			b.set("a", at(-10), every("* * * * * *"))
			b.set("steady", at(-10), every("*/2 * * * * *"), every("@at 2026-03-01T12:00:02.6Z"))
			test.around(b) // takes effect at 2.5
			before, cursor := b.plan(at(1.6), at(2.6))
			expect(t, before, "a/0@1", "a/0@2", "steady/0@2", "steady/1@2.6")
			b.planner.Position(cursor) // another node
			b.set("a", at(1.7), every("* * * * * *"))
			after, _ := b.plan(at(4.5), at(5))
			expect(t, after, "steady/0@4", "a/0@3+1.2s", "a/0@4+200ms", "a/0@5")
		})
	}
}

func TestHistoryIsWantedForAsLongAsAnEarlierRevisionMatters(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, planner: core.NewPlanner("ns", core.DefaultLimits)}
	b.number++
	b.planner.Apply(core.Revision{Key: "a", Number: b.number, Stored: at(0), Deleted: true}) // takes effect at 2.5
	for due, want := range map[float64]int{2: 1, 2.6: 1, 5: 1, 5.1: 0} {
		if keys := b.planner.Incomplete(contract.Cursor{Due: at(due)}); len(keys) != want {
			t.Errorf("Incomplete at %g = %v, want %d: a schedule stored from %g on may ask what ran then", due, keys, want, due-2.5)
		}
	}
}
