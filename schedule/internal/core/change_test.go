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

func TestNewScheduleIsDueOnceItTakesEffect(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(0.5), every("@every 1s"))
	ts, _ := b.plan(at(4), at(4))
	expect(t, ts, "a/0@1.5+1.5s", "a/0@2.5+500ms", "a/0@3.5")
}

func TestChangeTakesEffectWithoutGapOrRepeat(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		next contract.Schedule
		want []string
	}{
		{
			"same times",
			contract.Schedule{Jobs: []contract.Job{every("* * * * * *")}},
			[]string{"a/0@1", "a/0@2", "a/0@3", "a/0@4", "a/0@5"},
		},
		{
			"other times",
			contract.Schedule{Jobs: []contract.Job{every("@at 2026-03-01T12:00:02.5Z")}},
			[]string{"a/0@1", "a/0@2", "a/0@3", "a/0@2.5+1s"},
		},
		{
			"another index",
			contract.Schedule{Jobs: []contract.Job{every("0 0 1 1 *"), every("* * * * * *")}},
			[]string{"a/0@1", "a/0@2", "a/0@3", "a/1@2+1.5s", "a/1@3+500ms", "a/1@4", "a/1@5"},
		},
		{
			"paused",
			contract.Schedule{Paused: true, Jobs: []contract.Job{every("* * * * * *")}},
			[]string{"a/0@1", "a/0@2", "a/0@3"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, at(0))
			b.set("a", at(-10), every("* * * * * *"))
			b.planner.Apply(b.revision("a", at(1), test.next)) // takes effect at 3.5
			ts, _ := b.plan(at(5), at(5))
			expect(t, ts, test.want...)
		})
	}
}

func TestRemovedScheduleStopsWhenItTakesEffect(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(-10), every("* * * * * *"))
	b.planner.Apply(core.Revision{Key: "a", Number: 99, Stored: at(0), Deleted: true}) // effect 2.5
	ts, _ := b.plan(at(5), at(5))
	expect(t, ts, "a/0@1", "a/0@2")
}

func TestResumedScheduleDoesNotMakeUp(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	jobs := []contract.Job{every("* * * * * *")}
	b.set("a", at(-100), jobs...)
	b.planner.Apply(b.revision("a", at(-50), contract.Schedule{Paused: true, Jobs: jobs}))
	b.planner.Apply(b.revision("a", at(10), contract.Schedule{Jobs: jobs, Gaps: []contract.Gap{{From: at(-50)}}}))
	ts, _ := b.plan(at(14), at(14))
	expect(t, ts, "a/0@11+1.5s", "a/0@12+500ms", "a/0@13", "a/0@14")
}
