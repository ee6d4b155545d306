package core

import (
	"errors"
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
	key    string
	number uint64
	stored int64 // server's timestamp
	effect int64 // stored + EffectDelay: holds from here …
	until  int64 // … to here, exclusive: the next revision's effect
	anchor int64 // "@every" counts from here
	gone   bool  // deleted
	bad    error
	jobs   []job // none when deleted, paused or bad

	// older is the revision before this one while it still matters: until the
	// cursor has passed effect.
	older *revision
	// complete is false when an older revision may exist that is not linked.
	complete bool
}

type job struct {
	spec *spec.Spec
	def  contract.Job
}

func prepare(r Revision) *revision {
	p := &revision{
		key: r.Key, number: r.Number, stored: nanos(r.Stored), until: forever,
		effect: nanos(r.Stored.Add(contract.EffectDelay)), gone: r.Deleted, bad: r.Bad,
	}
	if r.Deleted || r.Bad != nil {
		return p
	}
	p.anchor = nanos(r.Schedule.AnchorOr(r.Stored))
	if r.Schedule.Paused {
		return p
	}
	p.jobs = make([]job, len(r.Schedule.Jobs))
	for i, def := range r.Schedule.Jobs {
		s, err := spec.Parse(def.Spec, def.Timezone)
		if err != nil { // NewRevision has checked it, so only a broken JobStore gets here
			p.bad, p.jobs = errors.Join(errors.New("spec was not checked"), err), nil
			return p
		}
		p.jobs[i] = job{spec: s, def: def}
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

// after returns the job's first occurrence whose nominal time is after t.
func (r *revision) after(index int, t int64) (occurrence, bool) {
	anchor := instant(r.anchor)
	for {
		next, ok := r.jobs[index].spec.Next(instant(t), anchor)
		if !ok {
			return occurrence{}, false
		}
		t = next.UnixNano()
		if t < r.effect && r.older.covers(index, t) {
			continue // the revision before has fired it
		}
		o := occurrence{due: max(t, r.effect), nominal: t, index: index, rev: r}
		return o, o.due < r.until
	}
}

// seek returns the job's first occurrence after the position at.
func (r *revision) seek(index int, at position) (occurrence, bool) {
	side := jobID{r.key, index}.compare(jobID{at.key, at.index})
	from := at.due
	switch {
	case at.due < r.effect, at.due == r.effect && side > 0:
		from = r.stored
	case at.due == r.effect && side == 0:
		from = at.nominal
	case side > 0:
		from = at.due - 1 // the job itself may be due at this instant
	}
	return r.after(index, max(from, r.stored))
}

// covers reports whether this revision, or one before it, has an occurrence of
// the job with nominal time t before it is superseded. It may be called on nil.
func (r *revision) covers(index int, t int64) bool {
	for ; r != nil; r = r.older {
		if index >= len(r.jobs) || t <= r.stored || max(t, r.effect) >= r.until {
			continue
		}
		next, ok := r.jobs[index].spec.Next(instant(t-1), instant(r.anchor))
		if ok && next.UnixNano() == t {
			return true
		}
	}
	return false
}

func (o occurrence) trigger(namespace string) contract.Trigger {
	def := o.rev.jobs[o.index].def
	return contract.Trigger{
		ID:  contract.OccurrenceID(namespace, o.rev.key, o.index, instant(o.nominal)),
		Key: o.rev.key, Index: o.index, Mode: def.Mode,
		Scheduled: instant(o.nominal), Due: instant(o.due), Revision: o.rev.number,
		Timeout: def.Timeout, Option: def.Option,
	}
}
