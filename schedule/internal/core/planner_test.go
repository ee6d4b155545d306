package core_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))) }

func every(spec string) contract.Job {
	return contract.HttpJob(spec, contract.HttpOption{Url: "http://example.test/"})
}

// bench drives one planner by hand.
type bench struct {
	t       *testing.T
	planner *core.Planner
	number  uint64
}

// setup returns a planner that has published everything due up to cursor.
func setup(t *testing.T, cursor time.Time) *bench {
	t.Helper()
	b := &bench{t: t, planner: core.NewPlanner("ns", core.DefaultLimits)}
	b.planner.Trust()
	b.planner.Position(contract.Cursor{Due: cursor.Add(1)})
	return b
}

func (b *bench) revision(key string, stored time.Time, s contract.Schedule) core.Revision {
	b.t.Helper()
	value, err := contract.Encode(s)
	if err != nil {
		b.t.Fatal(err)
	}
	b.number++
	return core.NewRevision(key, b.number, stored, value)
}

func (b *bench) set(key string, stored time.Time, jobs ...contract.Job) {
	b.t.Helper()
	b.planner.Apply(b.revision(key, stored, contract.Schedule{Jobs: jobs}))
}

// plan runs the planner up to horizon and returns what it committed.
func (b *bench) plan(now, horizon time.Time) (ts []contract.Trigger, last contract.Cursor) {
	b.t.Helper()
	for range 10_000 {
		step, ok := b.planner.Plan(now, horizon)
		if !ok {
			return ts, last
		}
		ts, last = append(ts, step.Triggers...), step.Cursor
	}
	b.t.Fatal("the planner does not come to an end")
	return nil, last
}

// brief words triggers as "key/index@nominal+delay", times in seconds after t0.
func brief(ts []contract.Trigger) []string {
	var out []string
	for _, t := range ts {
		s := fmt.Sprintf("%s/%d@%g", t.Key, t.Index, t.Scheduled.Sub(t0).Seconds())
		if d := t.Due.Sub(t.Scheduled); d != 0 {
			s += "+" + d.String()
		}
		if m := t.Missed; m != nil {
			s = fmt.Sprintf("%s/%d missed %g-%g x%d", t.Key, t.Index, m.From.Sub(t0).Seconds(), m.To.Sub(t0).Seconds(), m.Count)
		}
		out = append(out, s)
	}
	return out
}

func expect(t *testing.T, got []contract.Trigger, want ...string) {
	t.Helper()
	if g := brief(got); fmt.Sprint(g) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", g, want)
	}
}

func TestPlanOrdersByDueKeyIndexNominal(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("b", at(-10), every("* * * * * *"), every("*/2 * * * * *"))
	b.set("a", at(-10), every("*/2 * * * * *"))
	ts, cursor := b.plan(at(2), at(2))
	expect(t, ts, "b/0@1", "a/0@2", "b/0@2", "b/1@2")
	if !cursor.Due.Equal(at(2)) || cursor.Key != "b" || cursor.Index != 1 {
		t.Errorf("cursor %+v, want the last trigger's position", cursor)
	}
}

func TestPlanStopsAtTheHorizon(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(-10), every("* * * * * *"))
	ts, _ := b.plan(at(5), at(1.999))
	expect(t, ts, "a/0@1")
}

func TestNewScheduleIsDueOnceItTakesEffect(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(0.5), every("@every 1s"))
	ts, _ := b.plan(at(4), at(4))
	expect(t, ts, "a/0@1.5+1.5s", "a/0@2.5+500ms", "a/0@3.5")
}

func TestEveryCountsFromTheAnchor(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.planner.Apply(b.revision("a", at(-10), contract.Schedule{Anchor: at(-100.25), Jobs: []contract.Job{every("@every 2s")}}))
	ts, _ := b.plan(at(4), at(4))
	expect(t, ts, "a/0@1.75", "a/0@3.75")
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

func TestBadEntryLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("good", at(-10), every("* * * * * *"))
	bad := core.NewRevision("bad", 7, at(-1), []byte("garbage"))
	if bad.Bad == nil {
		t.Fatal("garbage is not Bad")
	}
	b.planner.Apply(bad)
	ts, cursor := b.plan(at(1), at(1))
	expect(t, ts, "good/0@1")
	if found := b.planner.Bad(contract.Cursor{Due: at(0)}); len(found) != 1 || found[0].Key != "bad" || !errors.Is(found[0].Reason, contract.ErrMalformed) {
		t.Errorf("Bad after the old cursor = %v, want the entry", found)
	}
	if found := b.planner.Bad(contract.Cursor{Due: cursor.Due.Add(time.Minute)}); len(found) != 0 {
		t.Errorf("Bad after a later cursor = %v, want none: it is recorded already", found)
	}
}

func TestPlanKeepsToTheLimitsOfABatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		limits core.Limits
		want   int
	}{
		{"triggers", core.Limits{Triggers: 7, Bytes: 1 << 20}, 7},
		{"bytes", core.Limits{Triggers: 100, Bytes: 5 * 1024}, 5},
		{"at least one", core.Limits{Triggers: 100, Bytes: 1}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, at(0))
			b.planner = core.NewPlanner("ns", test.limits)
			job := contract.HttpJob("* * * * * *", contract.HttpOption{Url: "http://example.test/", Body: strings.Repeat("x", 400)})
			for i := range 20 {
				b.set(fmt.Sprintf("k%02d", i), at(-10), job)
			}
			b.planner.Position(contract.Cursor{Due: at(0).Add(1)})
			step, _ := b.planner.Plan(at(1), at(1))
			if len(step.Triggers) != test.want {
				t.Errorf("a step of %d triggers, want %d", len(step.Triggers), test.want)
			}
		})
	}
}

func TestPlanDoesNotCatchUpPastTheHorizon(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(-10), every("*/10 * * * * *"))
	ts, _ := b.plan(at(1000), at(35)) // what was stored after 35 may be unknown
	expect(t, ts, "a/0 missed 10-20 x2", "a/0@30")
}

func TestDoubtAsksForHistoriesAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(1), every("* * * * * *"))
	b.planner.Doubt() // the watch was lost, and with it perhaps a revision …
	b.set("a", at(5), every("* * * * * *"))
	if keys := b.planner.Incomplete(contract.Cursor{Due: at(5)}); len(keys) != 1 {
		t.Errorf("Incomplete = %v, want a", keys)
	}
	b.planner.Complete("a")
	b.planner.Trust()
	b.set("a", at(6), every("*/2 * * * * *"))
	if keys := b.planner.Incomplete(contract.Cursor{Due: at(5)}); len(keys) != 0 {
		t.Errorf("Incomplete = %v although every revision was applied", keys)
	}
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
	b.planner.Apply(old)
	b.planner.Complete("a")
	if keys := b.planner.Incomplete(cursor); len(keys) != 0 {
		t.Fatalf("Incomplete after its history = %v", keys)
	}
	b.planner.Position(cursor)
	ts, _ := b.plan(at(5), at(5))
	expect(t, ts, "a/0@1", "a/0@2", "a/0@3")
}

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

func TestOversizedValueIsBad(t *testing.T) {
	t.Parallel()
	value := `{"v":1,"jobs":[{"mode":"HTTP","spec":"@hourly","option":{"url":"http://h/","body":"` +
		strings.Repeat("x", contract.MaxScheduleBytes) + `"}}]}`
	if r := core.NewRevision("a", 1, t0, []byte(value)); r.Bad == nil || !strings.Contains(r.Bad.Error(), "bytes") {
		t.Errorf("Bad = %v, want that it is too large", r.Bad)
	}
}
