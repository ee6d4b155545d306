package spec

import (
	"strconv"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Timetable is the times of one job: its spec under the job's zone, policy for
// daylight saving time, bounds and jitter. It does not change and is safe for
// concurrent use. Schedulers, clients and previews use the same.
type Timetable struct {
	spec       *Spec
	start, end time.Time
	jitter     time.Duration
}

// ForJob reads the times of a job, whose other fields were checked by
// contract.Schedule.Check. The error is a *contract.FieldError that names
// "spec" or "timezone".
func ForJob(job *contract.Job) (*Timetable, error) {
	s, err := Parse(job.Spec, job.Timezone)
	if err != nil {
		return nil, err
	}
	return &Timetable{
		spec:   s.WithDST(job.DST),
		start:  utc(job.Start),
		end:    utc(job.End),
		jitter: time.Duration(job.Jitter),
	}, nil
}

// Next is Spec.Next within the job's bounds. The bounds choose among the times
// of the spec and do not move them: "@every" counts from anchor, not from the
// job's start.
func (t *Timetable) Next(after, anchor time.Time) (time.Time, bool) {
	next, ok := t.spec.Next(t.begin(after), anchor)
	if !ok || t.ended(next) {
		return time.Time{}, false
	}
	return next, true
}

// Prev is Spec.Prev within the job's bounds.
func (t *Timetable) Prev(at, anchor time.Time) (time.Time, bool) {
	if t.ended(at) {
		at = t.end
	}
	prev, ok := t.spec.Prev(at, anchor)
	if !ok || prev.Before(t.start) {
		return time.Time{}, false
	}
	return prev, true
}

// Count is Spec.Count within the job's bounds.
func (t *Timetable) Count(after, to, anchor time.Time) int64 {
	if t.ended(to) {
		to = t.end
	}
	return t.spec.Count(t.begin(after), to, anchor)
}

// begin moves an instant before the job's start to where the start is next.
func (t *Timetable) begin(after time.Time) time.Time {
	if !t.start.IsZero() && after.Before(t.start) {
		return t.start.Add(-1)
	}
	return after
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

// Due returns the nominal time plus jitter: less than the job's jitter, and
// less than the time to the next nominal time of its spec. The occurrence's ID,
// which is a hash, decides how much, so it is the same wherever and whenever it
// is asked for. Occurrences of a job are due in the order of their nominal
// times; the last one may be due after the job's end.
func (t *Timetable) Due(namespace, key string, index int, nominal, anchor time.Time) time.Time {
	if t.jitter <= 0 {
		return nominal
	}
	span := t.jitter
	if next, ok := t.spec.Next(nominal, anchor); ok {
		span = min(span, next.Sub(nominal))
	}
	id := contract.OccurrenceID(namespace, key, index, nominal)
	hash, _ := strconv.ParseUint(id[:16], 16, 64)          // hexadecimal digits
	return nominal.Add(time.Duration(hash % uint64(span))) //nolint:gosec // less than span
}
