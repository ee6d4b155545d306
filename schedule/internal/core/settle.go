package core

import (
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Settle returns a step that only moves the cursor up to horizon, so that what
// was stored long ago need not be looked at again after a restart. ok is false
// when the cursor stands close enough, or an occurrence is due before. It frees
// what no longer matters at the cursor: all steps before must have been stored.
func (p *Planner) Settle(horizon time.Time) (Step, bool) {
	to := nanos(horizon)
	if p.positioned && p.dirty {
		p.sweep(p.at.due)
	}
	if !p.positioned || !p.dirty && p.former == nil || p.catchUp != nil || p.at.due >= to {
		return Step{}, false
	}
	if first, ok := p.first(); ok && first <= to {
		return Step{}, false
	}
	p.at = beyond(to)
	return p.step(batch{}), true
}

// Sweep frees what only matters at cursors that are due before due, for a
// planner that does not stand at one. Servable tells whether that was too much.
func (p *Planner) Sweep(due time.Time) {
	if !p.positioned && p.dirty {
		p.sweep(nanos(due))
	}
}

// Servable reports whether the planner can be placed at a cursor: whether it
// still holds every key that matters there.
func (p *Planner) Servable(c contract.Cursor) bool { return nanos(c.Due) > p.swept }

// sweep frees what does not matter at a cursor that is due at due.
func (p *Planner) sweep(due int64) {
	p.dirty = false
	for key, r := range p.revisions {
		if r.gone && r.settled < due {
			p.keep(key, nil)
			p.swept = max(p.swept, r.settled)
			continue
		}
		r.trim(due)
		p.dirty = p.dirty || r.settled >= due
	}
}
