package core

import "math"

// keep makes r the newest revision of a key; nil drops the key.
func (p *Planner) keep(key string, r *revision) {
	if before := p.revisions[key]; before != nil {
		p.live -= one(!before.gone)
		p.bad -= one(before.bad != nil)
	}
	if r == nil {
		delete(p.revisions, key)
		return
	}
	p.revisions[key] = r
	p.live += one(!r.gone)
	p.bad += one(r.bad != nil)
	if !r.gone {
		p.oldest = min(p.oldest, r.number)
	}
}

// one counts.
func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Live returns how many keys the planner holds that are not deleted.
func (p *Planner) Live() int { return p.live }

// Unusable returns how many of those hold a value that cannot be used.
func (p *Planner) Unusable() int { return p.bad }

// HoldsBefore reports whether the newest revision of a key that is not deleted
// is older than number. It goes through the keys only when the answer may have
// changed.
func (p *Planner) HoldsBefore(number uint64) bool {
	if p.oldest >= number {
		return false
	}
	p.oldest = math.MaxUint64
	for _, r := range p.revisions {
		if !r.gone {
			p.oldest = min(p.oldest, r.number)
		}
	}
	return p.oldest < number
}

// Newest returns the number of a key's newest revision, 0 when there is none.
func (p *Planner) Newest(key string) uint64 {
	if r := p.revisions[key]; r != nil {
		return r.number
	}
	return 0
}

// Keys calls yield for every key the planner holds.
func (p *Planner) Keys(yield func(key string) bool) {
	for key := range p.revisions {
		if !yield(key) {
			return
		}
	}
}

// Forget drops a key without a trace: its value vanished from the store
// without a delete marker.
func (p *Planner) Forget(key string) { p.keep(key, nil); p.positioned = false }
