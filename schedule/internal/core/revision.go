package core

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// Revision is one stored version of a schedule, as a JobStore reports it.
type Revision struct {
	Key      string
	Number   uint64            // grows with every write to the bucket
	Stored   time.Time         // the server's timestamp
	Schedule contract.Schedule // zero when Deleted or Bad
	Deleted  bool
	Bad      error // why the value cannot be used; nil when it can
}

// NewRevision decodes and checks a stored value. It never fails: a value that
// cannot be used makes a revision that is Bad.
func NewRevision(key string, number uint64, stored time.Time, value []byte) Revision {
	r := Revision{Key: key, Number: number, Stored: stored}
	if r.Bad = contract.CheckKey(key); r.Bad != nil {
		return r
	}
	if len(value) > contract.MaxScheduleBytes {
		r.Bad = fmt.Errorf("has %d bytes, want at most %d", len(value), contract.MaxScheduleBytes)
		return r
	}
	s, err := contract.Decode[contract.Schedule](value)
	if err != nil {
		r.Bad = err
		return r
	}
	if err := s.Check(spec.Check); err != nil {
		r.Bad = err
		return r
	}
	r.Schedule = s
	return r
}

const forever = math.MaxInt64

// revision is a Revision prepared for planning.
type revision struct {
	namespace string
	key       string
	number    uint64
	stored    int64 // server's timestamp
	effect    int64 // stored + EffectDelay: holds from here …
	until     int64 // … to here, exclusive: the next revision's effect
	settled   int64 // behind a cursor beyond it, older no longer matters
	anchor    int64 // "@every" counts from here
	gone      bool  // deleted
	bad       error
	jobs      []job // none when deleted, paused or bad

	// older is the revision before this one while it still matters.
	older *revision
	// complete says that older is the revision right before this one.
	complete bool
}

type job struct {
	times *spec.Timetable
	def   contract.Job
}

// prepare makes a revision ready for planning. The revisions before it matter
// for as long as it takes effect, and as its jitter then delays occurrences;
// and for EffectDelay more, because a revision that is yet to come asks which
// of its nominal times they ran (covers). At a cursor that is due at D, what is
// yet to come was stored at D - EffectDelay or later (Engine.horizon), and asks
// for no nominal time before that.
func prepare(namespace string, r Revision) *revision {
	p := &revision{
		namespace: namespace, key: r.Key, number: r.Number, stored: nanos(r.Stored), until: forever,
		effect: nanos(r.Stored.Add(contract.EffectDelay)), gone: r.Deleted, bad: r.Bad,
	}
	p.settled = p.effect + int64(contract.EffectDelay)
	if r.Deleted || r.Bad != nil {
		return p
	}
	p.anchor = nanos(r.Schedule.AnchorOr(r.Stored))
	if r.Schedule.Paused {
		return p
	}
	p.jobs = make([]job, len(r.Schedule.Jobs))
	for i, def := range r.Schedule.Jobs {
		times, err := spec.ForJob(&def)
		if err != nil { // NewRevision has checked it, so only a broken JobStore gets here
			p.bad, p.jobs = errors.Join(errors.New("spec was not checked"), err), nil
			return p
		}
		p.jobs[i] = job{times: times, def: def}
		p.settled = max(p.settled, p.effect+int64(contract.EffectDelay)+int64(def.Jitter))
	}
	return p
}

// occurrence is one nominal time of one job of a revision.
type occurrence struct {
	due     int64
	nominal int64
	index   int
	rev     *revision
}

func (o occurrence) position() position {
	return position{due: o.due, key: o.rev.key, index: o.index, nominal: o.nominal}
}

func (o occurrence) id() jobID { return jobID{o.rev.key, o.index} }

func (o occurrence) job() *job { return &o.rev.jobs[o.index] }

// at makes the occurrence of a nominal time of the job.
func (r *revision) at(index int, nominal int64) occurrence {
	due := nominal
	if times := r.jobs[index].times; times.Jittered() {
		due = times.Due(r.namespace, r.key, index, instant(nominal), instant(r.anchor)).UnixNano()
	}
	return occurrence{due: max(due, r.effect), nominal: nominal, index: index, rev: r}
}

// after returns the job's first occurrence whose nominal time is after t.
func (r *revision) after(index int, t int64) (occurrence, bool) {
	anchor := instant(r.anchor)
	for {
		next, ok := r.jobs[index].times.Next(instant(t), anchor)
		if !ok {
			return occurrence{}, false
		}
		t = next.UnixNano()
		if t < r.effect && !r.owns(index, t) {
			continue
		}
		o := r.at(index, t)
		return o, o.due < r.until
	}
}

// owns reports whether a nominal time before the revision's effect is its own
// and not that of the revision before: after it was stored, what that one did
// not run anyway; before it was stored, what that one had still to run, delayed
// by jitter.
func (r *revision) owns(index int, t int64) bool {
	if t > r.stored {
		return !r.older.covers(index, t)
	}
	pending, ok := r.pending(index)
	return ok && t == pending
}

// pending returns the nominal time that the revision before r had begun to
// delay by jitter, and did not run, when r took effect. There is at most one:
// jitter ends before the next nominal time.
func (r *revision) pending(index int) (nominal int64, ok bool) {
	o := r.older
	if o == nil || index >= len(o.jobs) || !o.jobs[index].times.Jittered() {
		return 0, false
	}
	t, ok := o.jobs[index].times.Prev(instant(r.stored), instant(o.anchor))
	if !ok {
		return 0, false
	}
	nominal = t.UnixNano()
	ours := o.owns(index, nominal)
	return nominal, ours && o.at(index, nominal).due >= r.effect
}

// covers reports whether this revision, or one before it, runs the job's
// nominal time t before it is superseded. It may be called on nil.
func (r *revision) covers(index int, t int64) bool {
	for ; r != nil; r = r.older {
		if index >= len(r.jobs) || !r.jobs[index].times.Has(instant(t), instant(r.anchor)) {
			continue
		}
		if (t > r.stored || r.owns(index, t)) && r.at(index, t).due < r.until {
			return true
		}
	}
	return false
}

// seek returns the job's first occurrence after the position at.
func (r *revision) seek(index int, at position) (occurrence, bool) {
	o, ok := r.after(index, r.before(index, at))
	for ok && o.position().compare(at) <= 0 {
		o, ok = r.after(index, o.nominal)
	}
	return o, ok
}

// before returns an instant such that no occurrence after the position at has
// a nominal time at or before it, and few before at have one after it.
func (r *revision) before(index int, at position) int64 {
	low := r.stored
	if pending, ok := r.pending(index); ok {
		low = pending - 1
	}
	if at.due <= r.effect {
		return low
	}
	times := r.jobs[index].times
	if !times.Jittered() {
		return max(at.due-1, low)
	}
	latest, ok := times.Prev(instant(at.due), instant(r.anchor)) // it may be delayed beyond at
	if !ok {
		return low
	}
	return max(latest.UnixNano()-1, low)
}

func (o occurrence) trigger() contract.Trigger {
	def := &o.job().def
	return contract.Trigger{
		ID:  contract.OccurrenceID(o.rev.namespace, o.rev.key, o.index, instant(o.nominal)),
		Key: o.rev.key, Index: o.index, Mode: def.Mode,
		Scheduled: instant(o.nominal), Due: instant(o.due), Revision: o.rev.number,
		Timeout: def.Timeout, Option: def.Option,
		Attempts: def.Attempts, Deadline: def.Deadline, Overlap: def.Overlap, Completion: def.Completion,
	}
}
