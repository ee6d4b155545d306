package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

func TestChangedPartitionsContinueWhereKeysStood(t *testing.T) {
	t.Parallel()
	const keys = 20
	seen := map[string]int{}
	load := func(p *core.Planner, partition, count int) {
		b := &bench{t: t, planner: p}
		for i := range keys {
			if key := fmt.Sprintf("k%02d", i); contract.Partition(key, count) == partition {
				b.set(key, at(-10), every("* * * * * *"))
			}
		}
		p.Trust()
	}
	run := func(count int, cursors []contract.Cursor, to func(partition int) time.Time) []contract.Cursor {
		var after []contract.Cursor
		for partition := range count {
			p := core.NewPlanner("ns", core.Limits{Triggers: 3, Bytes: 1 << 20})
			load(p, partition, count)
			p.Position(cursors[partition])
			last := cursors[partition]
			for step, ok := p.Plan(to(partition), to(partition)); ok; step, ok = p.Plan(to(partition), to(partition)) {
				for _, trigger := range step.Triggers {
					seen[trigger.ID]++
				}
				last = step.Cursor
				p.Position(last) // another node each time
			}
			after = append(after, last)
		}
		return after
	}
	cursors := []contract.Cursor{{Due: at(0).Add(1)}, {Due: at(0).Add(1)}, {Due: at(0).Add(1)}}
	cursors = run(3, cursors, func(p int) time.Time { return at(float64(3 + 4*p)) }) // partitions stand apart
	changed, err := core.Repartition(cursors, 5)
	if err != nil || len(changed) != 5 {
		t.Fatalf("Repartition = %v, %v", changed, err)
	}
	if _, err := core.Repartition(changed, 2); err == nil {
		t.Error("changed again while the first change is under way")
	}
	cursors = run(5, changed, func(int) time.Time { return at(20) })
	changed, err = core.Repartition(cursors, 2)
	if err != nil || len(changed) != 5 || !changed[4].Retired || changed[1].Retired {
		t.Fatalf("Repartition to fewer = %v, %v", changed, err)
	}
	run(2, changed, func(int) time.Time { return at(25) })
	if len(seen) != keys*25 {
		t.Errorf("%d occurrences were planned, want %d", len(seen), keys*25)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was planned %d times", id, n)
		}
	}
}
