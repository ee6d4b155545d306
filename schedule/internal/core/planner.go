package core

import (
	"container/heap"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Grace is how late an occurrence may be and still be published like any
// other. What is later is subject to the misfire policy.
const Grace = 30 * time.Second

// Step is what one commit stores: triggers and the cursor behind them.
type Step struct {
	Triggers []contract.Trigger
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

	positioned bool
	at         position
	agenda     agenda
	catchUp    *catchUp // nil: not catching up
	former     *former  // nil: the number of partitions was not changed lately
	dirty      bool     // a revision may matter that the cursor has not passed
	untidy     bool     // a step moved the cursor past what is still kept
	doubtful   bool     // revisions may have been missed between two of a key
}

// NewPlanner returns an empty planner.
func NewPlanner(namespace string, limits Limits) *Planner {
	return &Planner{namespace: namespace, limits: limits, revisions: map[string]*revision{}, doubtful: true}
}

// Oldest returns the number of the oldest among the newest revisions of the
// keys; ok is false when there are none.
func (p *Planner) Oldest() (number uint64, ok bool) {
	for _, r := range p.revisions {
		if !r.gone && (!ok || r.number < number) {
			number, ok = r.number, true
		}
	}
	return number, ok
}

// Live returns how many keys the planner holds that are not deleted.
func (p *Planner) Live() int {
	n := 0
	for _, r := range p.revisions {
		if !r.gone {
			n++
		}
	}
	return n
}

// At returns the due time up to which everything is planned.
func (p *Planner) At() time.Time { return instant(p.at.due) }

// Newest returns the number of a key's newest revision, 0 when there is none.
func (p *Planner) Newest(key string) uint64 {
	if r := p.revisions[key]; r != nil {
		return r.number
	}
	return 0
}

// Changing reports whether the number of partitions was changed and the cursor
// has not passed the former ones yet.
func (p *Planner) Changing() bool { return p.positioned && p.former != nil }

// Positioned reports whether the planner stands at a cursor.
func (p *Planner) Positioned() bool { return p.positioned }

// Apply adds a revision and reports whether it was new. Revisions of a key may
// come in any order and more than once.
func (p *Planner) Apply(r Revision) bool {
	added := prepare(p.namespace, r)
	newest := p.revisions[r.Key]
	switch {
	case newest == nil:
		p.revisions[r.Key] = added
	case newest.number < added.number:
		added.link(newest)
		added.complete = !p.doubtful
		p.revisions[r.Key] = added
	default:
		return newest.insert(added)
	}
	p.dirty = true
	if p.positioned {
		p.enter(added)
	}
	return true
}

// link makes older the revision before r.
func (r *revision) link(older *revision) {
	older.until = r.effect
	r.older, r.complete = older, true
}

// insert puts an older revision where it belongs in the chain below r.
func (r *revision) insert(added *revision) bool {
	for r.number > added.number && r.older != nil && r.older.number >= added.number {
		r = r.older
	}
	if r.number == added.number {
		return false
	}
	if r.older != nil {
		added.link(r.older)
	}
	r.link(added)
	return true
}

// Forget drops a key without a trace: its value vanished from the store
// without a delete marker.
func (p *Planner) Forget(key string) { delete(p.revisions, key); p.positioned = false }

// Keys calls yield for every key the planner holds.
func (p *Planner) Keys(yield func(key string) bool) {
	for key := range p.revisions {
		if !yield(key) {
			return
		}
	}
}

// Incomplete returns the keys whose revisions before the newest one matter at
// the cursor and may be missing. Their history is to be applied, then Complete
// called, before Position.
func (p *Planner) Incomplete(c contract.Cursor) []string {
	var keys []string
	for key, newest := range p.revisions {
		for r := newest; r != nil && newest.settled >= nanos(c.Due); r = r.older {
			if !r.complete {
				keys = append(keys, key)
				break
			}
		}
	}
	return keys
}

// Complete says that every revision of key that the store still has was applied.
func (p *Planner) Complete(key string) {
	for r := p.revisions[key]; r != nil; r = r.older {
		r.complete = true
	}
}

// Doubt takes the planner off its cursor and says that revisions may be missed
// until Trust is called: Incomplete will ask for histories again. A new planner
// is in doubt.
func (p *Planner) Doubt() {
	p.Release()
	p.doubtful = true
	for _, r := range p.revisions {
		for ; r != nil; r = r.older {
			r.complete = false
		}
	}
}

// Trust says that from now on every revision is applied.
func (p *Planner) Trust() { p.doubtful = false }

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
	p.untidy = false
	p.agenda = p.agenda[:0]
	if c.CatchUp != nil {
		p.catchUp = &catchUp{until: nanos(c.CatchUp.Until), done: jobID{c.CatchUp.Key, c.CatchUp.Index}}
	}
	for key, r := range p.revisions {
		r.trim(p.at.due)
		if r.gone && r.settled < p.at.due {
			delete(p.revisions, key)
			continue
		}
		for ; r != nil; r = r.older {
			p.append(r)
		}
	}
	heap.Init(&p.agenda)
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
	at := p.former.start(r.key, p.at)
	if p.catchUp != nil {
		at = at.later(beyond(p.catchUp.until))
	}
	for i := range r.jobs {
		if o, ok := r.seek(i, at); ok {
			heap.Push(&p.agenda, o)
		}
	}
}

// trim forgets the revisions before r that no longer matter at due. At settled
// itself, r may still have occurrences that one before it covers. What has more
// than BucketHistory revisions in that time keeps as many as the store does.
func (r *revision) trim(due int64) {
	if r.settled < due {
		r.older = nil
		return
	}
	for range contract.BucketHistory - 1 {
		if r = r.older; r == nil {
			return
		}
	}
	r.older = nil
}

// Release takes the planner off its cursor and frees the agenda.
func (p *Planner) Release() { p.positioned, p.agenda, p.catchUp = false, nil, nil }

// Next returns when the next occurrence is due; ok is false when none is.
func (p *Planner) Next() (due time.Time, ok bool) {
	if p.catchUp != nil {
		return instant(p.at.due), true
	}
	if len(p.agenda) == 0 {
		return time.Time{}, false
	}
	return instant(p.agenda[0].due), true
}

// Plan moves the planner on and returns what is to be committed: occurrences
// due up to horizon, in order and at most as many as one commit takes; late
// ones by their misfire policy. ok is false when there is nothing to do.
func (p *Planner) Plan(now, horizon time.Time) (step Step, ok bool) {
	if !p.positioned {
		return Step{}, false
	}
	cut := min(nanos(now.Add(-Grace)), nanos(horizon))
	if p.catchUp == nil && len(p.agenda) > 0 && p.agenda[0].due <= cut {
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
	for len(p.agenda) > 0 && p.agenda[0].due <= horizon {
		o := p.agenda[0]
		if o.due >= o.rev.until { // superseded meanwhile
			p.drop()
			continue
		}
		if !b.add(o.trigger()) {
			break
		}
		p.at = o.position()
		p.advance(o)
	}
	if len(b.triggers) == 0 {
		return Step{}, false
	}
	return p.step(b), true
}

// advance replaces the first occurrence of the agenda by its job's next one.
func (p *Planner) advance(o occurrence) {
	next, ok := o.rev.after(o.index, o.nominal)
	if !ok {
		p.drop()
		return
	}
	p.agenda[0] = next
	heap.Fix(&p.agenda, 0)
}

// drop takes the first occurrence off the agenda; its job has no more.
func (p *Planner) drop() { heap.Pop(&p.agenda) }

// Settle returns a step that only moves the cursor up to horizon, so that what
// was stored long ago need not be looked at again after a restart. ok is false
// when the cursor stands close enough, or an occurrence is due before.
func (p *Planner) Settle(horizon time.Time) (Step, bool) {
	to := nanos(horizon)
	if p.positioned && p.untidy { // the last such step was stored, or we would have been placed anew
		p.tidy()
	}
	if !p.positioned || !p.dirty && p.former == nil || p.catchUp != nil || p.at.due >= to {
		return Step{}, false
	}
	if len(p.agenda) > 0 && p.agenda[0].due <= to {
		return Step{}, false
	}
	p.at, p.untidy = beyond(to), true
	return p.step(batch{}), true
}

// tidy frees what no longer matters at the planner's position.
func (p *Planner) tidy() {
	p.dirty, p.untidy = false, false
	for key, r := range p.revisions {
		r.trim(p.at.due)
		if r.gone && r.settled < p.at.due {
			delete(p.revisions, key)
		}
	}
	for _, r := range p.revisions {
		p.dirty = p.dirty || r.settled >= p.at.due
	}
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
	return Step{Triggers: b.triggers, Cursor: c}
}
