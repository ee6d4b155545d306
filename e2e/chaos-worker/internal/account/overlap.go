package account

import (
	"slices"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// job is one whose occurrences must not overlap.
type job struct {
	key   string
	index int
}

// overlaps judges the occurrences of each such job; lives are in order of due
// time.
func (b *book) overlaps(lives []*life) {
	jobs := map[job][]*life{}
	var order []job
	for _, l := range lives {
		if l.Job.Overlap != contract.OverlapSkip && l.Job.Overlap != contract.OverlapQueue {
			continue
		}
		j := job{l.Key, l.Index}
		if jobs[j] == nil {
			order = append(order, j)
		}
		jobs[j] = append(jobs[j], l)
	}
	for _, j := range order {
		b.exclusive(jobs[j])
	}
}

func (b *book) exclusive(lives []*life) {
	for i, l := range lives {
		for _, later := range lives[i+1:] {
			if len(l.calls) > 0 && len(later.calls) > 0 {
				b.pair(l, later)
			}
		}
		if len(l.finals) == 1 && l.finals[0].Outcome == contract.OutcomeSkipped {
			b.justified(l, lives)
		}
	}
}

// pair judges two occurrences of which one was due later.
func (b *book) pair(l, later *life) {
	first, second := l, later
	if later.calls[0].Arrived.Before(l.calls[0].Arrived) {
		first, second = later, l
		ordered := l.Job.Overlap == contract.OverlapQueue && l.Due.Before(later.Due) // some are due together
		if ordered && !b.disturbed(l.Due.Add(-b.AckWait), later.calls[0].Arrived) {
			b.findTwo(Disordered, later, l, "first called %s before one that was due earlier",
				l.calls[0].Arrived.Sub(later.calls[0].Arrived))
		}
	}
	begun := second.calls[0].Arrived
	last := first.calls[len(first.calls)-1]
	switch {
	case b.overtaken(begun) || b.overtaken(last.Arrived):
	case !last.Arrived.Before(begun):
		if !b.broken(first, begun) {
			b.findTwo(Interleaved, first, second, "called again %s after another had begun", last.Arrived.Sub(begun))
		}
	case first.left().After(begun):
		if !b.broken(first, begun) && !b.late(&second.calls[0]) {
			b.findTwo(Overlapping, second, first, "called %s before the one that was at the target had left", first.left().Sub(begun))
		}
	}
}

// left is when the target was done with an occurrence: when it answered, or, where
// it said that it would report the end, when that was decided.
func (l *life) left() time.Time {
	last := l.calls[len(l.calls)-1]
	if len(l.finals) == 1 && last.Open && l.leftOpen(&l.finals[0]) && l.finals[0].Finished.After(last.Left) {
		return l.finals[0].Finished
	}
	return last.Left
}

// broken says whether a worker that called the occurrence before the given time
// was harmed in the middle, so that another could not know.
func (b *book) broken(l *life, before time.Time) bool {
	for _, c := range l.calls {
		if c.Arrived.Before(before) && b.harmed(c.Worker, c.Arrived.Add(-tolerance), before) {
			return true
		}
	}
	return false
}

// overtaken says whether a worker had only just come back from a stall so long that
// its triggers had been given to others: two workers have one trigger then, and may
// both have looked whether it had ended before one of them ended it.
func (b *book) overtaken(at time.Time) bool {
	return slices.ContainsFunc(b.Harms, func(h Harm) bool {
		return h.Worker != servers && h.To.Sub(h.From) > b.AckWait/2 && h.To.Before(at) && at.Sub(h.To) < known
	})
}

// late says whether the worker of a call was stalled right before it for so
// long that others had the right to go on.
func (b *book) late(c *Call) bool {
	for _, h := range b.Harms {
		if h.Worker == c.Worker && h.To.Sub(h.From) > b.AckWait/2 && h.From.Before(c.Arrived) && c.Arrived.Sub(h.To) < 2*time.Second {
			return true
		}
	}
	return false
}

// justified wants another occurrence of the job to have been under way when one
// was skipped: due, and not yet, or only just, recorded as ended. The job of a worker
// that died right after that is kept for it, for a little longer than its triggers.
func (b *book) justified(l *life, lives []*life) {
	const (
		release = 5 * time.Second // also while streams elect leaders
		longer  = 10 * time.Second
	)
	at := l.finals[0].Finished
	for _, other := range lives {
		if other == l || len(other.finals) != 1 || len(other.calls) == 0 || other.Due.Add(-tolerance).After(at) {
			continue
		}
		until := other.finals[0].Stored.Add(release)
		if b.disturbed(other.Due, until) {
			until = until.Add(b.AckWait + longer)
		}
		if until.After(at) {
			return
		}
	}
	b.find(Unproven, l, "skipped at %s, when no other occurrence of its job ran", stamp(at))
}
