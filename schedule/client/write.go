package client

import (
	"context"
	"fmt"
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
	return s.setRevision(ctx, key, revision, jobs, s.replace)
}

// SetRevisionPaused is SetRevision of a schedule that is paused from the
// beginning: none of its jobs fires until Resume. Of one that has these jobs only
// the pause is stored, and nothing when it is paused.
func (s *Schedule) SetRevisionPaused(ctx context.Context, key string, revision uint64, jobs ...common.Job) (uint64, error) {
	return s.setRevision(ctx, key, revision, jobs, s.replacePaused)
}

func (s *Schedule) setRevision(ctx context.Context, key string, revision uint64, jobs []common.Job, next func(*stored, []common.Job) ([]byte, error)) (uint64, error) {
	jobs, err := s.checked(key, jobs)
	if err != nil {
		return 0, err
	}
	v, err := s.expect(ctx, key, revision)
	if err != nil {
		return 0, err
	}
	data, err := next(v, jobs)
	if err != nil || data == nil {
		return v.revision, err
	}
	stored, err := s.put(ctx, v, data)
	if conflicting(err) {
		return 0, conflict(key, revision)
	}
	return stored, err
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
	if usable && contract.SameJobs(v.schedule.Jobs, jobs) {
		return nil, nil
	}
	return s.encode(v.key, contract.Schedule{Jobs: jobs, Paused: usable && v.schedule.Paused})
}

// replacePaused returns the paused value to store instead of v; nil when v is that.
func (s *Schedule) replacePaused(v *stored, jobs []common.Job) ([]byte, error) {
	switch usable := v.exists() && v.bad == nil; {
	case !usable || !contract.SameJobs(v.schedule.Jobs, jobs):
		return s.encode(v.key, contract.Schedule{Jobs: jobs, Paused: true})
	case v.schedule.Paused:
		return nil, nil
	}
	return v.rewrite(true)
}

// encode returns the value of a schedule that has something to fire and room.
func (s *Schedule) encode(key string, schedule contract.Schedule) ([]byte, error) {
	if err := notOver(schedule.Jobs, s.now()); err != nil {
		return nil, err
	}
	data, err := contract.Encode(schedule)
	if err != nil {
		return nil, fmt.Errorf("encode schedule %q: %w", key, err)
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
