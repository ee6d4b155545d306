package core

import (
	"container/heap"
	"slices"

	"github.com/weplanx/workflow/shared/contract"
)

// catchUp is the state of working off occurrences that are late by more than
// Grace. It goes job by job, not by due time, so that one commit can account
// for all late occurrences of a job; until is fixed when it begins and travels
// with the cursor, so that a node that takes over continues it exactly.
type catchUp struct {
	until int64
	done  jobID        // jobs up to and including it are accounted for
	late  []occurrence // the first late occurrence of every job, by job
}

func (c *catchUp) cursor() *contract.CatchUp {
	return &contract.CatchUp{Until: instant(c.until), Key: c.done.key, Index: c.done.index}
}

// Reasons of a missed record.
const (
	reasonLate       = "late by more than 30s: only the latest is run (misfire policy once)"
	reasonSuperseded = "late by more than 30s: the schedule was changed, paused or removed meanwhile"
)

// collectLate takes the late occurrences off the agenda, in order of job.
func (p *Planner) collectLate() {
	for len(p.agenda) > 0 && p.agenda[0].due <= p.catchUp.until {
		p.catchUp.late = append(p.catchUp.late, p.agenda[0])
		p.drop()
	}
	slices.SortStableFunc(p.catchUp.late, func(a, b occurrence) int { return a.id().compare(b.id()) })
}

// planLate accounts for the late occurrences of as many jobs as fit a commit.
func (p *Planner) planLate() Step {
	b := batch{limits: p.limits}
	c := p.catchUp
	for len(c.late) > 0 {
		id, n := c.late[0].id(), 0
		var triggers []contract.Trigger
		var rest []occurrence
		for ; n < len(c.late) && c.late[n].id() == id; n++ {
			made, next, more := p.misfire(c.late[n])
			triggers = append(triggers, made...)
			if more {
				rest = append(rest, next)
			}
		}
		if !b.add(triggers...) {
			return p.step(b)
		}
		for _, o := range rest {
			heap.Push(&p.agenda, o)
		}
		c.done, c.late = id, c.late[n:]
	}
	p.at, p.catchUp = beyond(c.until), nil
	return p.step(b)
}

// misfire applies the policy once to the late occurrences of a job, of which
// first is the first: the latest is run if its revision still holds, all
// others are recorded as missed. It returns the job's next occurrence after.
func (p *Planner) misfire(first occurrence) (ts []contract.Trigger, next occurrence, more bool) {
	until, o := p.catchUp.until, first
	var last, previous occurrence
	var count int64
	for more = o.due < o.rev.until; more && o.due <= until; o, more = o.rev.after(o.index, o.nominal) {
		previous, last = last, o
		count++
	}
	switch {
	case count == 0:
	case first.rev.until <= until:
		ts = append(ts, p.missed(first, last, count, reasonSuperseded))
	case count > 1:
		ts = append(ts, p.missed(first, previous, count-1, reasonLate))
		fallthrough
	default:
		ts = append(ts, last.trigger(p.namespace))
	}
	return ts, o, more
}

func (p *Planner) missed(from, to occurrence, count int64, reason string) contract.Trigger {
	t := to.trigger(p.namespace)
	t.Mode, t.Option, t.Timeout = contract.ModeMissed, nil, 0
	t.Missed = &contract.Missed{From: instant(from.nominal), To: instant(to.nominal), Count: count, Reason: reason}
	return t
}
