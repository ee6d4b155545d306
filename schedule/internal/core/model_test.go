package core_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// model is what the planner must do, told plainly: a list of revisions of each
// key, all "@every", and arithmetic over them.
type model struct {
	revisions map[string][]stored
}

type stored struct {
	rev      core.Revision
	interval time.Duration // 0: paused, deleted or bad
}

type nominal struct {
	key string
	at  time.Time
}

// expected returns the due time of every occurrence due at or before end.
func (m *model) expected(end time.Time) map[nominal]time.Time {
	all := map[nominal]time.Time{}
	for key, revisions := range m.revisions {
		for i, r := range revisions {
			effect := r.rev.Stored.Add(contract.EffectDelay)
			until := end.Add(1)
			if i+1 < len(revisions) {
				until = minTime(until, revisions[i+1].rev.Stored.Add(contract.EffectDelay))
			}
			if r.interval == 0 {
				continue
			}
			for t := r.rev.Stored.Add(r.interval); maxTime(t, effect).Before(until); t = t.Add(r.interval) {
				if _, fired := all[nominal{key, t}]; !fired {
					all[nominal{key, t}] = maxTime(t, effect)
				}
			}
		}
	}
	return all
}

// world plays two schedulers, of which one at a time works, and a store.
type world struct {
	*rapid.T
	model   model
	planner *core.Planner
	now     time.Time
	number  uint64
	limits  core.Limits

	cursor contract.Cursor // as stored
	ran    map[nominal]int
	missed []contract.Trigger
}

// TestPlannerAgreesWithTheModel changes schedules, lets time pass, loses
// commits and moves the partition to fresh planners at random. Whatever
// happens, each expected occurrence is run once or lies in one missed range,
// and nothing else is run.
func TestPlannerAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{T: rt, model: model{revisions: map[string][]stored{}}, now: t0, ran: map[nominal]int{}}
		w.cursor = contract.Cursor{Due: t0.Add(1)}
		w.limits = core.Limits{Triggers: rapid.IntRange(1, 5).Draw(rt, "limit"), Bytes: 1 << 20}
		w.restart()
		rt.Repeat(map[string]func(*rapid.T){
			"change":  func(*rapid.T) { w.change() },
			"pass":    func(*rapid.T) { w.pass(5 * time.Second) },
			"outage":  func(*rapid.T) { w.outage() },
			"restart": func(*rapid.T) { w.restart() },
			"commit":  func(*rapid.T) { w.commit(true) },
			"again":   func(*rapid.T) { w.commit(true); w.position() },
			"lose":    func(*rapid.T) { w.commit(false) },
		})
		w.now = w.now.Add(10 * time.Second)
		for w.commit(true) {
		}
		w.check()
	})
}

func (w *world) pass(upTo time.Duration) {
	w.now = w.now.Add(time.Duration(rapid.Int64Range(1, int64(upTo)).Draw(w.T, "pass")))
}

func (w *world) outage() { w.pass(2 * time.Minute); w.restart() }

func (w *world) change() {
	w.pass(time.Second)
	key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(w.T, "key")
	if len(w.model.revisions[key]) == contract.BucketHistory {
		return // a store forgets the first ones
	}
	w.number++
	r := core.Revision{Key: key, Number: w.number, Stored: w.now}
	interval := time.Duration(0)
	switch rapid.IntRange(0, 5).Draw(w.T, "kind") {
	case 0:
		r.Deleted = true
	case 1:
		r.Bad = contract.ErrMalformed
	default:
		interval = rapid.SampledFrom([]time.Duration{time.Second, 1500 * time.Millisecond, 7 * time.Second, 300 * time.Millisecond}).Draw(w.T, "interval")
		r.Schedule = contract.Schedule{Jobs: []contract.Job{every("@every " + interval.String())}}
	}
	w.model.revisions[key] = append(w.model.revisions[key], stored{r, interval})
	w.planner.Apply(r)
}

// restart gives the partition to a planner that knows what a watch reports.
func (w *world) restart() {
	w.planner = core.NewPlanner("ns", w.limits)
	for _, revisions := range w.model.revisions {
		w.planner.Apply(revisions[len(revisions)-1].rev)
	}
	w.planner.Trust()
	w.position()
}

func (w *world) position() {
	for _, key := range w.planner.Incomplete(w.cursor) {
		for _, r := range w.model.revisions[key] {
			w.planner.Apply(r.rev)
		}
		w.planner.Complete(key)
	}
	w.planner.Position(w.cursor)
}

// commit plans a step and stores it, or loses it as a fenced node does.
func (w *world) commit(stored bool) bool {
	horizon := w.now.Add(core.Ahead)
	step, ok := w.planner.Plan(w.now, horizon)
	if !ok {
		step, ok = w.planner.Settle(w.now)
	}
	if !ok {
		return false
	}
	if !stored {
		w.position()
		return true
	}
	w.cursor = step.Cursor
	for _, t := range step.Triggers {
		if t.Due.After(horizon) {
			w.Fatalf("%s due %s is past the horizon %s", t.Key, t.Due, horizon)
		}
		if t.Missed != nil {
			w.missed = append(w.missed, t)
			continue
		}
		w.ran[nominal{t.Key, t.Scheduled}]++
	}
	return true
}

func (w *world) check() {
	all := w.model.expected(w.now.Add(core.Ahead))
	for n, times := range w.ran {
		if _, ok := all[n]; !ok || times != 1 {
			w.Fatalf("%s ran %d times, expected: %v", n, times, ok)
		}
	}
	var counted int64
	for _, m := range w.missed {
		counted += m.Missed.Count
	}
	if int64(len(w.ran))+counted != int64(len(all)) {
		w.Fatalf("ran %d and missed %d, want %d in all", len(w.ran), counted, len(all))
	}
	for n := range all {
		if w.ran[n] == 0 && !w.isMissed(n) {
			w.Fatalf("%s is not accounted for", n)
		}
	}
}

func (w *world) isMissed(n nominal) bool {
	for _, m := range w.missed {
		if m.Key == n.key && !n.at.Before(m.Missed.From) && !n.at.After(m.Missed.To) {
			return true
		}
	}
	return false
}

func (n nominal) String() string {
	return fmt.Sprintf("%s@%s", n.key, n.at.Format("15:04:05.000000000"))
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
