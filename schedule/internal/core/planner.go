package core

import (
	"math"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Grace is how late an occurrence may be and still be published like any
// other. What is later is subject to the misfire policy.
const Grace = 30 * time.Second

// Step is what one commit stores: triggers and the cursor behind them.
type Step struct {
	Triggers []contract.Trigger
	Encoded  [][]byte // each trigger, by contract.Encode; nil: not yet
	Cursor   contract.Cursor
}

// Planner decides what a partition publishes next. It is pure: it holds no
// clock and does no I/O. It is not safe for concurrent use.
//
// A planner first collects revisions (Apply); Position then places it at the
// partition's cursor, from where Plan moves it on. A step that was planned
// must be committed, or the planner placed anew.
type Planner struct {
	namespace string
	limits    Limits
	revisions map[string]*revision // the newest of each key
	live      int                  // keys that are not deleted
	bad       int                  // keys whose newest revision cannot be used
	oldest    uint64               // no newest revision of a live key has a lower number

	positioned bool
	at         position // everything up to it is planned
	reached    position // everything up to it is drawn, if it is after at
	drawn      drawn
	agenda     agenda
	catchUp    *catchUp // nil: not catching up
	former     *former  // nil: the number of partitions was not changed lately
	dirty      bool     // a revision may matter that the cursor has not passed
	doubtful   bool     // revisions may have been missed between two of a key
	swept      int64    // at cursors due up to here, keys may be missing
}

// NewPlanner returns an empty planner.
func NewPlanner(namespace string, limits Limits) *Planner {
	return &Planner{
		namespace: namespace, limits: limits, revisions: map[string]*revision{}, doubtful: true, oldest: math.MaxUint64,
	}
}

// At returns the due time up to which everything is planned.
func (p *Planner) At() time.Time { return instant(p.at.due) }

// Changing reports whether the number of partitions was changed and the cursor
// has not passed the former ones yet.
func (p *Planner) Changing() bool { return p.positioned && p.former != nil }

// CatchingUp reports whether late occurrences are being worked off job by job.
func (p *Planner) CatchingUp() bool { return p.catchUp != nil }

// Positioned reports whether the planner stands at a cursor.
func (p *Planner) Positioned() bool { return p.positioned }

// Apply adds a revision that is newer than all of its key and reports whether
// it was. Those before it are for Recall.
func (p *Planner) Apply(r Revision) bool {
	newest := p.revisions[r.Key]
	if newest != nil && newest.number >= r.Number {
		return false
	}
	added := prepare(p.namespace, r)
	added.complete = !p.doubtful
	if newest != nil {
		added.link(newest)
	}
	p.keep(r.Key, added)
	p.dirty = true
	switch {
	case !p.positioned:
	case len(p.drawn.left()) > 0 && added.effect <= p.reached.due:
		p.putBack()
	default:
		p.enter(added)
	}
	return true
}

// Bad returns the entries that cannot be used and that take effect after the
// cursor: those nobody has recorded yet.
func (p *Planner) Bad(c contract.Cursor) []BadEntry {
	var bad []BadEntry
	for _, r := range p.revisions {
		if r.bad != nil && r.effect > nanos(c.Due) {
			bad = append(bad, r.badEntry())
		}
	}
	return bad
}

// BadEntry is a stored value that cannot be used.
type BadEntry struct {
	Key    string
	Number uint64
	Stored time.Time
	Reason error
}

func (r *revision) badEntry() BadEntry {
	return BadEntry{Key: r.key, Number: r.number, Stored: instant(r.stored), Reason: r.bad}
}

// Position places the planner at a cursor.
func (p *Planner) Position(c contract.Cursor) {
	p.at, p.positioned, p.catchUp, p.former = positionOf(c), true, nil, formerOf(c.Before)
	p.reached, p.drawn, p.agenda = p.at, drawn{}, p.agenda[:0]
	if c.CatchUp != nil {
		p.catchUp = &catchUp{until: nanos(c.CatchUp.Until), done: jobID{c.CatchUp.Key, c.CatchUp.Index}}
	}
	p.sweep(p.at.due)
	for _, r := range p.revisions {
		for ; r != nil; r = r.older {
			p.append(r)
		}
	}
	p.agenda.order()
	if p.catchUp != nil {
		p.collectLate()
	}
}

// append puts the jobs of r on the agenda, which is not yet in order.
func (p *Planner) append(r *revision) {
	for i := range r.jobs {
		at := p.former.start(r.key, p.at)
		if p.catchUp != nil && (jobID{r.key, i}).compare(p.catchUp.done) <= 0 {
			at = at.later(beyond(p.catchUp.until))
		}
		if o, ok := r.seek(i, at); ok {
			p.agenda = append(p.agenda, o)
		}
	}
}

// enter puts the jobs of a new revision on the ordered agenda. Nothing goes in
// front of the position: the cursor never moves back.
func (p *Planner) enter(r *revision) {
	at := p.former.start(r.key, p.at.later(p.reached))
	if p.catchUp != nil {
		at = at.later(beyond(p.catchUp.until))
	}
	for i := range r.jobs {
		if o, ok := r.seek(i, at); ok {
			p.agenda.add(o)
		}
	}
}

// Release takes the planner off its cursor and frees the agenda.
func (p *Planner) Release() {
	p.positioned, p.drawn, p.agenda, p.catchUp = false, drawn{}, nil, nil
}

// Next returns when the next occurrence is due; ok is false when none is.
func (p *Planner) Next() (due time.Time, ok bool) {
	if p.catchUp != nil {
		return instant(p.at.due), true
	}
	first, ok := p.first()
	return instant(first), ok
}

// first returns when the first occurrence is due that is not planned yet.
func (p *Planner) first() (due int64, ok bool) {
	if left := p.drawn.left(); len(left) > 0 {
		return left[0].at.due, true
	}
	if len(p.agenda) == 0 {
		return 0, false
	}
	return p.agenda[0].due, true
}

// Plan moves the planner on and returns what is to be committed: occurrences
// due up to horizon, in order and at most as many as one commit takes; late
// ones by their misfire policy. ok is false when there is nothing to do. All
// steps before must have been stored.
func (p *Planner) Plan(now, horizon time.Time) (step Step, ok bool) {
	if !p.positioned {
		return Step{}, false
	}
	cut := min(nanos(now.Add(-Grace)), nanos(horizon))
	if first, some := p.first(); p.catchUp == nil && some && first <= cut {
		if len(p.drawn.left()) > 0 {
			p.putBack()
		}
		p.catchUp = &catchUp{until: cut}
		p.collectLate()
	}
	if p.catchUp != nil {
		return p.planLate(), true
	}
	return p.planDue(nanos(horizon))
}

func (p *Planner) planDue(horizon int64) (Step, bool) {
	b := batch{limits: p.limits}
	if n := min(p.drawn.due(horizon), p.limits.Triggers); n > 0 {
		b.triggers, b.encoded = make([]contract.Trigger, 0, n), make([][]byte, 0, n)
	}
	for len(p.drawn.left()) > 0 || p.draw(horizon) {
		first := p.drawn.left()[0]
		if first.at.due > horizon || !b.add(first) {
			break
		}
		p.at = first.at
		p.drawn.drop()
	}
	if len(b.triggers) == 0 {
		return Step{}, false
	}
	return p.step(b), true
}

func (p *Planner) step(b batch) Step {
	c := p.at.cursor()
	if p.former != nil && p.at.compare(p.former.last) >= 0 {
		p.former = nil
	}
	if p.former != nil {
		c.Before = p.former.wire
	}
	if p.catchUp != nil {
		c.CatchUp = p.catchUp.cursor()
	}
	return Step{Triggers: b.triggers, Encoded: b.encoded, Cursor: c}
}
