package core

import (
	"slices"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// ready is an occurrence of which only the commit is left to be done.
type ready struct {
	trigger contract.Trigger
	encoded []byte // nil: the publisher encodes it, and tells why it cannot be
	at      position
}

func (o occurrence) ready() ready {
	t := o.trigger()
	encoded, err := contract.Encode(t)
	if err != nil {
		encoded = nil
	}
	return ready{trigger: t, encoded: encoded, at: o.position()}
}

// drawn are occurrences that were taken off the agenda ahead of time, in order.
// It keeps its memory, which is bounded, for the next ones.
type drawn struct {
	all   []ready
	taken int // that many of all are gone
	bytes int // encoded, of those that are left
}

// So much is drawn at most.
const (
	maxDrawn      = 2000
	maxDrawnBytes = 2 << 20
)

func (d *drawn) left() []ready { return d.all[d.taken:] }

func (d *drawn) full() bool { return len(d.left()) >= maxDrawn || d.bytes >= maxDrawnBytes }

func (d *drawn) add(r ready) {
	d.all = append(d.all, r)
	d.bytes += len(r.encoded)
}

// drop takes off the first one.
func (d *drawn) drop() {
	first := &d.all[d.taken]
	d.bytes -= len(first.encoded)
	*first = ready{}
	if d.taken++; d.taken == len(d.all) {
		d.all, d.taken = d.all[:0], 0
	}
}

// due returns how many are due up to horizon.
func (d *drawn) due(horizon int64) int {
	n, _ := slices.BinarySearchFunc(d.left(), beyond(horizon), func(r ready, at position) int { return r.at.compare(at) })
	return n
}

// Draw does for at most count occurrences due up to horizon what Plan would do
// later, so that there is less to do once they are due: many may be due at
// once. It reports whether there are more. It does not move the planner: Plan
// returns the same occurrences in the same order without it, as late as ever.
//
// What is applied afterwards cannot change what was drawn, if horizon is before
// the effect of every revision that is yet to come (Engine.reach): none of them
// supersedes an occurrence due before its effect, and none of their own is due
// before it. Should one come that takes effect earlier, because the clocks of
// the servers disagree, everything drawn is put back.
func (p *Planner) Draw(horizon time.Time, count int) (more bool) {
	if !p.positioned || p.catchUp != nil {
		return false
	}
	to := nanos(horizon)
	for range count {
		if p.drawn.full() || !p.draw(to) {
			return false
		}
	}
	return !p.drawn.full() && len(p.agenda) > 0 && p.agenda[0].due <= to
}

// draw takes the next occurrence that is due up to horizon off the agenda.
func (p *Planner) draw(horizon int64) bool {
	for len(p.agenda) > 0 && p.agenda[0].due <= horizon {
		o := p.agenda[0]
		if o.due >= o.rev.until { // superseded meanwhile
			p.agenda.drop()
			continue
		}
		p.drawn.add(o.ready())
		p.reached = o.position()
		p.advance(o)
		return true
	}
	return false
}

// advance replaces the first occurrence of the agenda by its job's next one.
func (p *Planner) advance(o occurrence) {
	if next, ok := o.rev.after(o.index, o.nominal); ok {
		p.agenda.replace(next)
		return
	}
	p.agenda.drop() // its job has no more
}

// putBack undoes all drawing.
func (p *Planner) putBack() { p.Position(p.step(batch{}).Cursor) }
