package client

import (
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// demand is what the revisions of one schedule ask for, written down apart from
// the scheduler's code, which it audits. It is pure.
//
// A revision stored at S holds from E = S+EffectDelay up to the E of the next
// one. An occurrence is due at its nominal time plus jitter, at E at the
// earliest, and the revision runs it if that is before it ends. It is the
// revision's own when
//
//   - its nominal time is after S and no earlier revision runs it, or
//   - its nominal time is not after S, but jitter delayed it past the end of the
//     revision right before, whose own it was.
//
// A revision that is paused, removed or bad has no jobs. Within a job, one
// revision's occurrences are due in the order of their nominal times.
type demand struct {
	namespace, key string
	revisions      []*demanding // oldest first
}

// demanding is one revision. Its jobs are nil when it demands nothing.
type demanding struct {
	number uint64
	stored time.Time
	effect time.Time
	until  time.Time // the next revision's effect; zero: it is the newest
	anchor time.Time
	jobs   []*spec.Timetable
	jitter time.Duration // the largest of its jobs
}

// occurrence is one nominal time of one job, demanded by a revision.
type occurrence struct {
	index        int
	nominal, due time.Time
	revision     *demanding
}

// add appends the next revision.
func (d *demand) add(v *stored) {
	r := &demanding{number: v.revision, stored: v.time, effect: v.time.Add(contract.EffectDelay)}
	if n := len(d.revisions); n > 0 {
		d.revisions[n-1].until = r.effect
	}
	d.revisions = append(d.revisions, r)
	if !v.exists() || v.bad != nil || v.schedule.Paused {
		return
	}
	r.anchor = v.schedule.AnchorOr(v.time)
	for i := range v.schedule.Jobs {
		job := &v.schedule.Jobs[i]
		times, err := spec.ForJob(job)
		if err != nil {
			r.jobs = nil
			return // the value was checked, so this cannot be
		}
		r.jobs = append(r.jobs, times)
		r.jitter = max(r.jitter, time.Duration(job.Jitter))
	}
}

// jobs is how many jobs a revision has at most.
func (d *demand) jobs() (n int) {
	for _, r := range d.revisions {
		n = max(n, len(r.jobs))
	}
	return n
}

// at is the occurrence that a revision has at a nominal time.
func (d *demand) at(r *demanding, index int, nominal time.Time) occurrence {
	due := r.jobs[index].Due(d.namespace, d.key, index, nominal, r.anchor)
	return occurrence{index: index, nominal: nominal, due: later(due, r.effect), revision: r}
}

// would reports whether a revision runs the job at a nominal time, provided
// that it is the revision's own.
func (d *demand) would(r *demanding, index int, nominal time.Time) bool {
	return index < len(r.jobs) && r.jobs[index].Has(nominal, r.anchor) && r.holds(d.at(r, index, nominal).due)
}

func (r *demanding) holds(due time.Time) bool { return r.until.IsZero() || due.Before(r.until) }

// owns reports whether a nominal time of the k-th revision's job is its own.
func (d *demand) owns(k, index int, nominal time.Time) bool {
	if !nominal.After(d.revisions[k].stored) {
		delayed, ok := d.delayed(k, index)
		return ok && nominal.Equal(delayed)
	}
	for k--; k >= 0 && nominal.Before(d.revisions[k].until); k-- {
		if d.would(d.revisions[k], index, nominal) { // or, if not its own, one before it does
			return false
		}
	}
	return true
}

// delayed returns the nominal time, not after the k-th revision was stored,
// that jitter delayed past the end of the revision before. There is one at most,
// because jitter ends before the next nominal time.
func (d *demand) delayed(k, index int) (nominal time.Time, ok bool) {
	if k == 0 || index >= len(d.revisions[k-1].jobs) {
		return time.Time{}, false
	}
	before := d.revisions[k-1]
	times := before.jobs[index]
	if !times.Jittered() {
		return time.Time{}, false
	}
	nominal, ok = times.Prev(d.revisions[k].stored, before.anchor)
	if !ok || !d.owns(k-1, index, nominal) {
		return time.Time{}, false
	}
	return nominal, !before.holds(d.at(before, index, nominal).due)
}

// find returns the occurrence of a job at a nominal time, if one is demanded.
func (d *demand) find(index int, nominal time.Time) (occurrence, bool) {
	for k, r := range d.revisions {
		if d.would(r, index, nominal) && d.owns(k, index, nominal) {
			return d.at(r, index, nominal), true
		}
	}
	return occurrence{}, false
}

// feed yields the occurrences of one job that are due after since, in the order
// in which they are due.
type feed struct {
	*demand
	index int
	since time.Time
	k     int // of the revision that comes next or is under way
	begun bool
	at    time.Time // the last nominal time that was looked at
}

// next returns the following occurrence; ok is false when there is none due at
// or before until.
func (f *feed) next(until time.Time) (occurrence, bool) {
	for ; f.k < len(f.revisions); f.k++ {
		r := f.revisions[f.k]
		if r.effect.After(until) {
			return occurrence{}, false
		}
		if f.index >= len(r.jobs) || !r.until.IsZero() && !r.until.After(f.since) {
			continue
		}
		if !f.begun {
			f.at, f.begun = f.begin(r), true
		}
		if o, ok := f.within(r, until); ok || f.begun {
			return o, ok
		}
	}
	return occurrence{}, false
}

// within is next for one revision; it resets begun when that has no more.
func (f *feed) within(r *demanding, until time.Time) (occurrence, bool) {
	for {
		nominal, ok := r.jobs[f.index].Next(f.at, r.anchor)
		if !ok || !r.holds(nominal) {
			f.begun = false
			return occurrence{}, false
		}
		if nominal.After(until) {
			return occurrence{}, false // asked for again with a later until
		}
		o := f.demand.at(r, f.index, nominal)
		switch {
		case !r.holds(o.due):
			f.begun = false
			return occurrence{}, false
		case o.due.After(until):
			return occurrence{}, false
		}
		f.at = nominal
		if o.due.After(f.since) && (!nominal.Before(r.effect) || f.owns(f.k, f.index, nominal)) {
			return o, true
		}
	}
}

// begin is an instant with none of the revision's occurrences that are due
// after since at or before it, and few that are due earlier after it.
func (f *feed) begin(r *demanding) time.Time {
	low := r.stored
	if delayed, ok := f.delayed(f.k, f.index); ok {
		low = delayed.Add(-1)
	}
	if r.effect.After(f.since) {
		return low
	}
	return later(low, f.since.Add(-r.jitter))
}
