package core

import "github.com/weplanx/workflow/shared/contract"

// link makes older the revision before r.
func (r *revision) link(older *revision) {
	older.until = r.effect
	r.older = older
}

// trim forgets the revisions before r that do not matter at a cursor that is
// due at due. At settled itself, r may still have occurrences that one before it
// covers. A revision is to the one before it what one yet to come is to the
// newest, so its effect takes the cursor's place there. What has more than
// BucketHistory revisions in that time keeps as many as the store does.
func (r *revision) trim(due int64) {
	for range contract.BucketHistory - 1 {
		if r == nil {
			return
		}
		if r.settled < due {
			r.complete = r.older == nil && r.complete
			break
		}
		due, r = min(due, r.effect), r.older
	}
	if r != nil {
		r.older = nil
	}
}

// whole reports whether all that matters of r and before it at a cursor that is
// due at due is known.
func (r *revision) whole(due int64) bool {
	for r != nil && r.settled >= due {
		if !r.complete {
			return false
		}
		due, r = min(due, r.effect), r.older
	}
	return true
}

// Incomplete returns the keys whose revisions before the newest one matter at
// the cursor and may be missing: their history is to be recalled before
// Position. A key that no application can have stored has none that matters.
func (p *Planner) Incomplete(c contract.Cursor) []string {
	var keys []string
	for key, newest := range p.revisions {
		if !newest.whole(nanos(c.Due)) && contract.CheckKey(key) == nil {
			keys = append(keys, key)
		}
	}
	return keys
}

// Recall tells of a stored revision of a key, which is read and kept if it was
// missing and may matter at the cursor. Those of a key are told in the order of
// writing, all that are stored. So nothing is missing before one that was told,
// and once the newest one that the planner holds was told, the key is complete.
// What is newer is left to the watch. A planner that stands at a cursor recalls
// nothing.
func (p *Planner) Recall(c contract.Cursor, key string, number uint64, read func() Revision) {
	r := p.revisions[key]
	if p.positioned || r == nil || r.number < number {
		return
	}
	for r.older != nil && r.older.number >= number {
		r = r.older
	}
	if r.number > number {
		if r.complete { // what was told was trimmed
			return
		}
		r = r.insert(prepare(p.namespace, read()))
	}
	if r.older != nil {
		r.older.trim(min(nanos(c.Due), r.effect))
	}
	for ; r != nil; r = r.older {
		r.complete = true
	}
}

// insert puts an older revision right before r and returns it.
func (r *revision) insert(added *revision) *revision {
	if r.older != nil {
		added.link(r.older)
	}
	r.link(added)
	return added
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

// Trust says that the newest revision of every key was applied, and that from
// now on every revision is.
func (p *Planner) Trust() { p.doubtful, p.swept = false, 0 }
