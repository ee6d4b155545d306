package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// Set stores the jobs of a schedule, replacing those it had. What cannot run
// is refused with ErrInvalid, by an error that names the field, for example
// "jobs[0].spec: …".
//
// Jobs that are the same as those stored already change nothing: no revision
// is made and "@every" goes on from where it stands. Different jobs start
// anew. A paused schedule stays paused either way, until Resume.
func (s *Schedule) Set(key string, jobs ...common.Job) (err error) {
	ctx, cancel := s.plain()
	defer cancel()
	return s.SetContext(ctx, key, jobs...)
}

// SetContext is Set with a context.
func (s *Schedule) SetContext(ctx context.Context, key string, jobs ...common.Job) (err error) {
	jobs, err = s.checked(key, jobs)
	if err != nil {
		return err
	}
	return s.update(ctx, key, func(v *stored) ([]byte, error) { return s.replace(v, jobs) })
}

// SetRevision is Set as a compare-and-set: it stores the jobs only if revision
// is still the schedule's, as [Schedule.EntryContext] told, and returns the new
// one. Revision 0 means that there must be no schedule. The error is
// ErrConflict or, for revision 0, ErrExists. Jobs that are the same as those
// stored change nothing, and the revision stays.
func (s *Schedule) SetRevision(ctx context.Context, key string, revision uint64, jobs ...common.Job) (uint64, error) {
	jobs, err := s.checked(key, jobs)
	if err != nil {
		return 0, err
	}
	v, err := s.expect(ctx, key, revision)
	if err != nil {
		return 0, err
	}
	data, err := s.replace(v, jobs)
	if err != nil || data == nil {
		return v.revision, err
	}
	next, err := s.put(ctx, v, data)
	if conflicting(err) {
		return 0, conflict(key, revision)
	}
	return next, err
}

// Remove removes a schedule; what was published before it takes effect still
// runs. The error is ErrNotFound for a key without a schedule. The history of
// the key is kept.
func (s *Schedule) Remove(key string) (err error) {
	ctx, cancel := s.plain()
	defer cancel()
	return s.RemoveContext(ctx, key)
}

// RemoveContext is Remove with a context.
func (s *Schedule) RemoveContext(ctx context.Context, key string) (err error) {
	for {
		v, err := s.read(ctx, key)
		if err != nil {
			return err
		}
		if !v.exists() {
			return notFound(key)
		}
		if err = s.remove(ctx, v); !conflicting(err) {
			return err
		}
	}
}

// RemoveRevision is Remove as a compare-and-set: the error is ErrConflict when
// the schedule has another revision.
func (s *Schedule) RemoveRevision(ctx context.Context, key string, revision uint64) error {
	v, err := s.read(ctx, key)
	switch {
	case err != nil:
		return err
	case !v.exists():
		return notFound(key)
	case v.revision != revision:
		return conflict(key, revision)
	}
	if err = s.remove(ctx, v); conflicting(err) {
		return conflict(key, revision)
	}
	return err
}

// checked returns a copy of the jobs, without their state, that can be stored.
func (s *Schedule) checked(key string, jobs []common.Job) ([]common.Job, error) {
	if err := contract.CheckKey(key); err != nil {
		return nil, invalid(err)
	}
	jobs = append([]common.Job(nil), jobs...)
	for i := range jobs {
		jobs[i].State = common.State{}
	}
	schedule := contract.Schedule{Jobs: jobs}
	if err := schedule.Check(spec.Check); err != nil {
		return nil, invalid(err)
	}
	return jobs, nil
}

// replace returns the value to store instead of v; nil when v has these jobs.
func (s *Schedule) replace(v *stored, jobs []common.Job) ([]byte, error) {
	usable := v.exists() && v.bad == nil
	if usable && sameJobs(v.schedule.Jobs, jobs) {
		return nil, nil
	}
	if err := notOver(jobs, s.now()); err != nil {
		return nil, err
	}
	data, err := contract.Encode(contract.Schedule{Jobs: jobs, Paused: usable && v.schedule.Paused})
	if err != nil {
		return nil, fmt.Errorf("encode schedule %q: %w", v.key, err)
	}
	if len(data) > contract.MaxScheduleBytes {
		return nil, refuse("jobs", fmt.Sprintf("take %d bytes as JSON, want at most %d", len(data), contract.MaxScheduleBytes))
	}
	return data, nil
}

// notOver refuses jobs that would never fire, such as "@at" a time gone by or
// one outside its bounds.
func notOver(jobs []common.Job, now time.Time) error {
	for i := range jobs {
		times, err := spec.ForJob(&jobs[i])
		if err != nil {
			return invalid(err) // they were checked, so this cannot be
		}
		if _, ok := times.Next(now, now); ok {
			continue
		}
		field := fmt.Sprintf("jobs[%d].", i)
		switch end := jobs[i].End; {
		case !end.IsZero() && !end.After(now):
			return refuse(field+"end", "is over, want one in the future")
		case end.IsZero() && jobs[i].Start.IsZero():
			return refuse(field+"spec", "has no time after now, want one in the future")
		}
		return refuse(field+"spec", "has no time after now within start and end, want one")
	}
	return nil
}

// update reads a value, lets change make the next one and stores it, again and
// again until no other write comes in between. A nil value from change means
// that nothing is to be done.
func (s *Schedule) update(ctx context.Context, key string, change func(*stored) ([]byte, error)) error {
	for {
		v, err := s.read(ctx, key)
		if err != nil {
			return err
		}
		data, err := change(v)
		if err != nil || data == nil {
			return err
		}
		if _, err = s.put(ctx, v, data); !conflicting(err) {
			return err
		}
	}
}

// expect reads a value that must have this revision, or none for 0.
func (s *Schedule) expect(ctx context.Context, key string, revision uint64) (*stored, error) {
	v, err := s.read(ctx, key)
	switch {
	case err != nil:
		return nil, err
	case revision == 0 && v.exists(), revision != 0 && (v.deleted || v.revision != revision):
		return nil, conflict(key, revision)
	}
	return v, nil
}

func conflict(key string, revision uint64) error {
	if revision == 0 {
		return fmt.Errorf("%w: %q", ErrExists, key)
	}
	return fmt.Errorf("%w: %q is not at revision %d", ErrConflict, key, revision)
}

// put stores data if v is still the newest of its key.
func (s *Schedule) put(ctx context.Context, v *stored, data []byte) (uint64, error) {
	what := fmt.Sprintf("store schedule %q", v.key)
	return request(ctx, s, what, s.names.BucketSubject(v.key), func(context.Context) (uint64, error) {
		return s.kv.Update(v.key, data, v.revision)
	})
}

func (s *Schedule) remove(ctx context.Context, v *stored) error {
	if isStray(v.key) {
		return s.removeStray(ctx, v.key)
	}
	what := fmt.Sprintf("remove schedule %q", v.key)
	_, err := request(ctx, s, what, s.names.BucketSubject(v.key), func(context.Context) (struct{}, error) {
		return struct{}{}, s.kv.Delete(v.key, nats.LastRevision(v.revision))
	})
	return err
}

// sameJobs compares jobs by what they say, not by how their options and times
// are written.
func sameJobs(a, b []common.Job) bool {
	return slices.EqualFunc(a, b, func(x, y common.Job) bool {
		p, err := json.Marshal(plainJob(x))
		q, err2 := json.Marshal(plainJob(y))
		return err == nil && err2 == nil && bytes.Equal(p, q)
	})
}

// plainJob writes what a job says in one way.
func plainJob(j common.Job) common.Job {
	j.State = common.State{}
	j.Option = canonical(j.Option)
	j.Start, j.End = j.Start.UTC(), j.End.UTC()
	return j
}

// canonical writes JSON with sorted names and without spaces. Numbers keep
// their digits.
func canonical(raw json.RawMessage) []byte {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return raw
	}
	data, err := json.Marshal(value)
	if err != nil {
		return raw
	}
	return data
}
