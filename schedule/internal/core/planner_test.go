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

func TestEveryCountsFromTheAnchor(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.planner.Apply(b.revision("a", at(-10), contract.Schedule{Anchor: at(-100.25), Jobs: []contract.Job{every("@every 2s")}}))
	ts, _ := b.plan(at(4), at(4))
	expect(t, ts, "a/0@1.75", "a/0@3.75")
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

func TestOversizedValueIsBad(t *testing.T) {
	t.Parallel()
	value := `{"v":1,"jobs":[{"mode":"HTTP","spec":"@hourly","option":{"url":"http://h/","body":"` +
		strings.Repeat("x", contract.MaxScheduleBytes) + `"}}]}`
	if r := core.NewRevision("a", 1, t0, []byte(value)); r.Bad == nil || !strings.Contains(r.Bad.Error(), "bytes") {
		t.Errorf("Bad = %v, want that it is too large", r.Bad)
	}
}
