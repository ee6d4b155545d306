package core_test

import (
	"testing"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

func TestLiveAndOldestFollowTheKeys(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	check := func(when string, live int, oldest uint64) {
		t.Helper()
		if got := b.planner.Live(); got != live {
			t.Errorf("%s: %d keys are live, want %d", when, got, live)
		}
		for range 2 { // the first answer may be by what is known, the second by what was found
			if b.planner.HoldsBefore(oldest) || !b.planner.HoldsBefore(oldest+1) {
				t.Errorf("%s: the oldest is older than %d: %v, or not older than %d", when, oldest, b.planner.HoldsBefore(oldest), oldest+1)
			}
		}
	}
	job := every("* * * * * *")
	if b.planner.HoldsBefore(1 << 62) {
		t.Error("an empty planner holds something")
	}
	b.set("a", at(0), job) // revision 1
	b.set("b", at(0), job)
	check("two", 2, 1)
	b.set("a", at(1), job)
	check("changed", 2, 2)
	b.set("c", at(2), job)
	remove := func(key string) {
		b.number++
		b.planner.Apply(core.Revision{Key: key, Number: b.number, Stored: at(3), Deleted: true})
	}
	remove("b")
	check("removed", 2, 3)
	b.set("b", at(4), job)
	check("stored again", 3, 3)
	remove("b")
	b.planner.Position(contract.Cursor{Due: at(60)})
	check("freed", 2, 3)
	b.planner.Forget("a")
	check("forgotten", 1, 4)
	b.planner.Forget("c")
	if live := b.planner.Live(); live != 0 || b.planner.HoldsBefore(1<<62) {
		t.Errorf("%d keys are live after all", live)
	}
}
