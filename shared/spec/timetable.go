package spec

import (
	"hash/fnv"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Timetable are the times of one job: its spec under the job's zone, policy for
// daylight saving time, bounds and jitter. It does not change and is safe for
// concurrent use. Schedulers, clients and previews use the same.
type Timetable struct {
	spec       *Spec
	start, end time.Time
	jitter     time.Duration
}

// ForJob reads the times of a job. The error is a *contract.FieldError that
// names "spec" or "timezone".
func ForJob(job *contract.Job) (*Timetable, error) {
	s, err := Parse(job.Spec, job.Timezone)
	if err != nil {
		return nil, err
	}
	return &Timetable{spec: s.WithDST(job.DST), start: utc(job.Start), end: utc(job.End), jitter: time.Duration(job.Jitter)}, nil
}

// Next is Spec.Next within the job's bounds.
func (t *Timetable) Next(after, anchor time.Time) (time.Time, bool) {
	if !t.start.IsZero() && after.Before(t.start) {
		after = t.start.Add(-1)
	}
	next, ok := t.spec.Next(after, anchor)
	return next, ok && !t.ended(next)
}

// Prev is Spec.Prev within the job's bounds.
func (t *Timetable) Prev(at, anchor time.Time) (time.Time, bool) {
	if t.ended(at) {
		at = t.end
	}
	prev, ok := t.spec.Prev(at, anchor)
	return prev, ok && !prev.Before(t.start)
}

// Count is Spec.Count within the job's bounds.
func (t *Timetable) Count(after, to, anchor time.Time) int64 {
	if !t.start.IsZero() && after.Before(t.start) {
		after = t.start.Add(-1)
	}
	if t.ended(to) {
		to = t.end
	}
	return t.spec.Count(after, to, anchor)
}

func (t *Timetable) ended(at time.Time) bool { return !t.end.IsZero() && at.After(t.end) }

// Has reports whether at is a nominal time of the job.
func (t *Timetable) Has(at, anchor time.Time) bool {
	next, ok := t.Next(at.Add(-1), anchor)
	return ok && next.Equal(at)
}

// Shift tells how daylight saving time touches the nominal time.
func (t *Timetable) Shift(nominal time.Time) Shift { return t.spec.Shift(nominal) }

// Jittered reports whether the job has jitter.
func (t *Timetable) Jittered() bool { return t.jitter > 0 }

// Due returns the nominal time plus jitter: a hash of the occurrence's ID
// decides how much, less than the job's jitter and than the time to its next
// nominal time. So occurrences of a job are due in the order of their nominal
// times.
func (t *Timetable) Due(namespace, key string, index int, nominal, anchor time.Time) time.Time {
	if t.jitter == 0 {
		return nominal
	}
	span := t.jitter
	if next, ok := t.spec.Next(nominal, anchor); ok {
		span = min(span, next.Sub(nominal))
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(contract.OccurrenceID(namespace, key, index, nominal)))
	return nominal.Add(time.Duration(h.Sum64() % uint64(span))) //nolint:gosec // span is positive
}
