package core

import (
	"cmp"
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
	ReasonLate       = "late by more than 30s, misfire policy "
	ReasonSuperseded = "late by more than 30s: the schedule was changed, paused or removed meanwhile"
)

// collectLate takes the late occurrences off the agenda, in order of job.
func (p *Planner) collectLate() {
	for len(p.agenda) > 0 && p.agenda[0].due <= p.catchUp.until {
		p.catchUp.late = append(p.catchUp.late, p.agenda[0])
		p.agenda.drop()
	}
	slices.SortStableFunc(p.catchUp.late, func(a, b occurrence) int { return a.id().compare(b.id()) })
}

// planLate accounts for the late occurrences of as many jobs as fit a commit.
func (p *Planner) planLate() Step {
	b := batch{limits: p.limits}
	c := p.catchUp
	for len(c.late) > 0 {
		id, n := c.late[0].id(), 0
		var triggers []ready
		var rest []occurrence
		for ; n < len(c.late) && c.late[n].id() == id; n++ {
			made, next, more := misfire(c.late[n], c.until)
			triggers = append(triggers, made...)
			if more {
				rest = append(rest, next)
			}
		}
		if !b.add(triggers...) {
			return p.step(b)
		}
		for _, o := range rest {
			p.agenda.add(o)
		}
		c.done, c.late = id, c.late[n:]
	}
	p.at, p.catchUp = beyond(c.until), nil
	return p.step(b)
}

// misfire applies the misfire policy to the occurrences of a job from first to
// the last one due at or before until. It returns what is to be published and
// the job's next occurrence.
func misfire(first occurrence, until int64) (ts []ready, next occurrence, more bool) {
	rev, policy := first.rev, first.job().def.Misfire
	if first.due >= rev.until {
		return nil, next, false // superseded since it was put on the agenda
	}
	superseded := rev.until <= until
	span := lateSpan(first, min(until, rev.until-1))
	run, reason := span.tail[len(span.tail):], ReasonSuperseded
	if !superseded {
		run, reason = span.run(policy, until), ReasonLate+policyName(policy)
	}
	if missed := span.count - int64(len(run)); missed > 0 {
		last := span.tail[len(span.tail)-len(run)-1]
		ts = append(ts, ready{trigger: missedTrigger(first, last, missed, reason)})
	}
	for _, o := range run {
		ts = append(ts, o.ready())
	}
	next, more = rev.after(first.index, span.tail[len(span.tail)-1].nominal)
	return ts, next, more
}

func policyName(m contract.Misfire) string {
	if m.Policy == "" {
		return contract.MisfireOnce
	}
	return m.Policy
}

// span are late occurrences of one job: how many, and the latest of them, one
// more at least than any policy runs (or all).
type span struct {
	count int64
	tail  []occurrence
}

// spanLength is how many occurrences lateSpan goes through one by one. It is
// more than a policy runs and than fit into a revision's effect delay.
const spanLength = 2 * (contract.MaxMisfireLimit + 1)

// lateSpan returns the occurrences from first to the last one due at or before
// limit, at which first is. Long spans are counted, not gone through.
func lateSpan(first occurrence, limit int64) span {
	rev := first.rev
	var s span
	o, ok := first, true
	for ; ok && o.due <= limit && len(s.tail) < spanLength; o, ok = rev.after(o.index, o.nominal) {
		s.tail = append(s.tail, o)
	}
	s.count = int64(len(s.tail))
	if !ok || o.due > limit {
		return s
	}
	// o is beyond the effect delay: from here on nominal times are plain.
	anchor, times := instant(rev.anchor), o.job().times
	last, _ := times.Prev(instant(limit), anchor)
	end := rev.at(o.index, last.UnixNano())
	for end.due > limit {
		last, _ = times.Prev(instant(end.nominal-1), anchor)
		end = rev.at(o.index, last.UnixNano())
	}
	s.count += times.Count(instant(o.nominal-1), last, anchor)
	s.tail = s.tail[:0]
	for range min(s.count, spanLength) {
		s.tail = append(s.tail, end)
		before, ok := times.Prev(instant(end.nominal-1), anchor)
		if !ok {
			break
		}
		end = rev.at(o.index, before.UnixNano())
	}
	slices.Reverse(s.tail)
	return s
}

// run returns those that the policy runs, oldest first.
func (s *span) run(m contract.Misfire, until int64) []occurrence {
	limit := 1
	switch m.Policy {
	case contract.MisfireSkip:
		limit = 0
	case contract.MisfireAll:
		limit = contract.DefaultMisfireLimit
		if m.Limit > 0 {
			limit = m.Limit
		}
		oldest := until - int64(contract.DefaultMisfireWindow)
		if m.Window > 0 {
			oldest = until - int64(m.Window)
		}
		within := len(s.tail) - firstDue(s.tail, oldest)
		limit = min(limit, within)
	}
	return s.tail[max(0, len(s.tail)-limit):]
}

// firstDue returns the index of the first occurrence due at or after t.
func firstDue(os []occurrence, t int64) int {
	i, _ := slices.BinarySearchFunc(os, t, func(o occurrence, t int64) int {
		return cmp.Compare(o.due, t)
	})
	return i
}

func missedTrigger(from, to occurrence, count int64, reason string) contract.Trigger {
	t := to.trigger()
	t.Mode, t.Option, t.Timeout = contract.ModeMissed, nil, 0
	t.Attempts, t.Deadline, t.Overlap, t.Completion = 0, 0, "", 0
	t.Missed = &contract.Missed{From: instant(from.nominal), To: instant(to.nominal), Count: count, Reason: reason}
	return t
}
