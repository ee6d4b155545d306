package core_test

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

func TestSettleMovesTheCursorPastWhatIsIdle(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(1), every("0 0 1 1 *"))
	step, ok := b.planner.Settle(at(60))
	if !ok || len(step.Triggers) != 0 || step.Cursor.Due.Before(at(60)) {
		t.Fatalf("Settle = %+v, %v", step, ok)
	}
	if keys := b.planner.Incomplete(step.Cursor); len(keys) != 0 {
		t.Errorf("histories of %v are wanted behind a settled cursor", keys)
	}
	if _, ok := b.planner.Settle(at(120)); ok {
		t.Error("Settle again although nothing was stored")
	}
}

// A step that only moves the cursor and was not stored must not have forgotten
// what still matters at the cursor before it.
func TestLostSettlingForgetsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(-10), every("* * * * * *"))
	b.set("a", at(2.6), every("*/5 * * * * *")) // takes effect at 5.1: the first one has run 5
	ts, cursor := b.plan(at(5), at(5))
	expect(t, ts, "a/0@1", "a/0@2", "a/0@3", "a/0@4", "a/0@5")
	if _, ok := b.planner.Settle(at(5.2)); !ok {
		t.Fatal("nothing to settle")
	}
	b.planner.Position(cursor) // the step was lost
	ts, _ = b.plan(at(10), at(10))
	expect(t, ts, "a/0@10")
}

// weigh stores a schedule and returns whether what was stored is still held.
func (b *bench) weigh(key string, stored time.Time, s contract.Schedule) (held func() bool) {
	b.t.Helper()
	r := b.revision(key, stored, s)
	option := weak.Make(&r.Schedule.Jobs[0].Option[0])
	b.planner.Apply(r)
	return func() bool {
		runtime.GC()
		return option.Value() != nil
	}
}

// What was changed or removed must not stay in memory as long as the process
// runs, whether this node publishes for it, with no rest at all, or another does.
func TestWhatNoLongerMattersIsFreed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		pass func(b *bench, to time.Time)
	}{
		{"busy", func(b *bench, to time.Time) {
			b.plan(to, to.Add(core.Ahead)) // so that the cursor stands ahead of the present
			if _, ok := b.planner.Settle(to); ok {
				b.t.Error("a cursor ahead of the present was settled")
			}
		}},
		{"idle", func(b *bench, to time.Time) {
			b.planner.Apply(core.Revision{Key: "steady", Number: b.number + 1, Stored: at(0), Deleted: true})
			b.plan(to, to.Add(core.Ahead))
			b.planner.Settle(to)
			b.planner.Settle(to.Add(time.Minute))
		}},
		{"standby", func(b *bench, to time.Time) { b.planner.Release(); b.planner.Sweep(to) }},
		{"placed anew", func(b *bench, to time.Time) { b.planner.Position(contract.Cursor{Due: to}) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, at(0))
			b.set("steady", at(-10), every("@every 500ms"))
			jobs := contract.Schedule{Jobs: []contract.Job{every("* * * * * *")}}
			changed := b.weigh("changed", at(0), jobs)
			b.set("changed", at(1), every("*/2 * * * * *"))
			removed := b.weigh("removed", at(0), jobs)
			b.number++
			b.planner.Apply(core.Revision{Key: "removed", Number: b.number, Stored: at(1), Deleted: true})
			recent := b.weigh("recent", at(26), jobs)
			b.set("recent", at(27), every("*/2 * * * * *"))
			if !changed() || !removed() || !recent() {
				t.Fatal("freed before it took effect")
			}
			test.pass(b, at(28))
			if changed() || removed() {
				t.Errorf("held for ever: what was changed %v, what was removed %v", changed(), removed())
			}
			if !recent() {
				t.Error("what still matters is gone")
			}
			keys := 0
			for range b.planner.Keys {
				keys++
			}
			if live := b.planner.Live(); keys > live+1 { // "steady" may have been removed just now
				t.Errorf("%d keys are held, %d of them live", keys, live)
			}
			runtime.KeepAlive(b.planner)
		})
	}
}
