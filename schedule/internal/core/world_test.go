package core_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

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

// pass lets up to that much time pass. rapid prefers small numbers, which would
// leave most of what happens within one instant: half of them are spread out
// (Fibonacci hashing).
func (w *world) pass(upTo time.Duration) {
	n := rapid.Uint64Range(1, uint64(upTo)).Draw(w.T, "pass")
	if n%2 == 0 {
		n = 1 + n*0x9e3779b97f4a7c15%uint64(upTo)
	}
	w.now = w.now.Add(time.Duration(n))
}

// drain commits all there is to commit.
func (w *world) drain() {
	for w.commit(true) {
	}
}

func (w *world) outage() { w.pass(2 * time.Minute); w.restart() }

func (w *world) key() string {
	return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(w.T, "key")
}

// replace stores a schedule, removes it and stores it again, as a rule before
// the removal takes effect but after another node has begun.
func (w *world) replace(key string) {
	w.change(key)
	n := len(w.model.revisions[key])
	if n == 0 || n+2 > contract.BucketHistory {
		return
	}
	again := w.model.revisions[key][n-1]
	w.pass(5 * time.Second)
	w.planner.Apply(w.store(stored{}, core.Revision{Key: key, Deleted: true}))
	w.pass(contract.EffectDelay)
	w.drain()
	w.restart()
	w.pass(time.Second)
	w.planner.Apply(w.store(again, again.rev))
}

// change stores a revision and returns it.
func (w *world) change(key string) core.Revision {
	w.pass(time.Second)
	if n := len(w.model.revisions[key]); n >= contract.BucketHistory {
		return w.model.revisions[key][n-1].rev // a store forgets the first ones
	}
	r, entry := core.Revision{Key: key}, stored{}
	switch rapid.IntRange(0, 7).Draw(w.T, "kind") {
	case 0:
		r.Deleted = true
	case 1:
		r.Bad = contract.ErrMalformed
	case 2:
		r.Schedule = contract.Schedule{Paused: true, Jobs: []contract.Job{every("* * * * * *")}}
	case 3, 4:
		entry.seconds = rapid.SampledFrom([]int{1, 5, 20}).Draw(w.T, "seconds")
		r.Schedule = contract.Schedule{Jobs: []contract.Job{w.job(fmt.Sprintf("*/%d * * * * *", entry.seconds))}}
	default:
		entry.interval = rapid.SampledFrom([]time.Duration{time.Second, 1500 * time.Millisecond, 7 * time.Second, 300 * time.Millisecond}).Draw(w.T, "interval")
		r.Schedule = contract.Schedule{Jobs: []contract.Job{w.job("@every " + entry.interval.String())}}
	}
	r = w.store(entry, r)
	w.planner.Apply(r)
	return r
}

// store stores a revision.
func (w *world) store(entry stored, r core.Revision) core.Revision {
	w.number++
	r.Number, r.Stored = w.number, w.now
	entry.rev = r
	w.model.revisions[r.Key] = append(w.model.revisions[r.Key], entry)
	return r
}

// job makes a job with random jitter and misfire policy.
func (w *world) job(spec string) contract.Job {
	j := every(spec)
	j.Jitter = contract.Duration(rapid.SampledFrom([]time.Duration{0, time.Second, 10 * time.Second}).Draw(w.T, "jitter"))
	j.Misfire.Policy = rapid.SampledFrom([]string{"", contract.MisfireOnce, contract.MisfireSkip, contract.MisfireAll}).Draw(w.T, "misfire")
	if j.Misfire.Policy == contract.MisfireAll {
		j.Misfire.Limit = rapid.IntRange(0, 5).Draw(w.T, "limit")
		j.Misfire.Window = contract.Duration(rapid.SampledFrom([]time.Duration{0, 10 * time.Second}).Draw(w.T, "window"))
	}
	return j
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

// draw draws up to where the revisions that are yet to come take effect, or
// further, as if the servers' clocks did not agree.
func (w *world) draw() {
	horizon := w.now.Add(contract.EffectDelay - 1)
	if rapid.Bool().Draw(w.T, "too far") {
		horizon = horizon.Add(10 * time.Second)
	}
	w.planner.Draw(horizon, rapid.IntRange(1, 50).Draw(w.T, "draw"))
}

// standby has the partition published for by another node for a while, which
// this one takes over from in the end, unless it has let go of too much.
func (w *world) standby() {
	w.planner.Release()
	kept := w.planner
	for range 3 {
		w.restart()
		w.drain()
		kept.Apply(w.change(w.key()))
		w.pass(10 * time.Second)
		kept.Sweep(w.now.Add(-5 * time.Second))
	}
	if kept.Servable(w.cursor) {
		w.planner = kept
		w.position()
	}
}

func (w *world) position() {
	for _, key := range w.planner.Incomplete(w.cursor) {
		for _, r := range w.model.revisions[key] {
			w.planner.Recall(w.cursor, key, r.rev.Number, func() core.Revision { return r.rev })
		}
	}
	if keys := w.planner.Incomplete(w.cursor); len(keys) > 0 {
		w.Fatalf("histories of %v are wanted again", keys)
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
