package core_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// model is what the planner must do, told plainly: a list of revisions of each
// key and arithmetic over them.
type model struct {
	revisions map[string][]stored
}

// stored is a revision whose job is "@every" interval, or runs when the second
// is divisible by seconds; neither when it is paused, deleted or bad.
type stored struct {
	rev      core.Revision
	interval time.Duration
	seconds  int
	jitter   *spec.Timetable // of its job; made when it is needed
}

type nominal struct {
	key string
	at  time.Time
}

// times returns the nominal times up to end, those before it was stored
// included.
func (s *stored) times(end time.Time) []time.Time {
	var all []time.Time
	for t := s.rev.Stored.Add(s.interval); s.interval > 0 && !t.After(end); t = t.Add(s.interval) {
		all = append(all, t)
	}
	for t := t0; s.seconds > 0 && !t.After(end); t = t.Add(time.Second) { // nothing was stored before
		if t.Second()%s.seconds == 0 {
			all = append(all, t)
		}
	}
	return all
}

// jittered is the one thing the model takes from the package spec.
func (s *stored) jittered(t time.Time) time.Time {
	if s.jitter == nil {
		times, err := spec.ForJob(&s.rev.Schedule.Jobs[0])
		if err != nil {
			panic(err) // the test's own job
		}
		s.jitter = times
	}
	return s.jitter.Due("ns", s.rev.Key, 0, t, s.rev.Stored)
}

// expected returns the due time of every occurrence due at or before end.
func (m *model) expected(end time.Time) map[nominal]time.Time {
	all := map[nominal]time.Time{}
	for key, revisions := range m.revisions {
		pending := map[time.Time]bool{} // of the revision before, not run when it ended
		for i := range revisions {
			r := &revisions[i]
			effect := r.rev.Stored.Add(contract.EffectDelay)
			until := end.Add(1)
			if i+1 < len(revisions) {
				until = minTime(until, revisions[i+1].rev.Stored.Add(contract.EffectDelay))
			}
			left := map[time.Time]bool{}
			for _, t := range r.times(end) {
				_, fired := all[nominal{key, t}]
				if fired || !t.After(r.rev.Stored) && !pending[t] {
					continue
				}
				due := maxTime(r.jittered(t), effect)
				if due.Before(until) {
					all[nominal{key, t}] = due
				} else {
					left[t] = true
				}
			}
			pending = left
		}
	}
	return all
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
		w.store(stored{interval: 300 * time.Millisecond}, core.Revision{
			Key: "steady", Schedule: contract.Schedule{Jobs: []contract.Job{every("@every 300ms")}},
		})
		w.restart()
		rt.Repeat(map[string]func(*rapid.T){
			"change":  func(*rapid.T) { w.change(w.key()) },
			"replace": func(*rapid.T) { w.replace(w.key()) },
			"pass":    func(*rapid.T) { w.pass(5 * time.Second) },
			"outage":  func(*rapid.T) { w.outage() },
			"restart": func(*rapid.T) { w.restart() },
			"commit":  func(*rapid.T) { w.commit(true) },
			"again":   func(*rapid.T) { w.commit(true); w.position() },
			"lose":    func(*rapid.T) { w.commit(false) },
			"drain":   func(*rapid.T) { w.drain() },
			"draw":    func(*rapid.T) { w.draw() },
			"standby": func(*rapid.T) { w.standby() },
		})
		w.now = w.now.Add(10 * time.Second)
		w.drain()
		w.check()
	})
}
