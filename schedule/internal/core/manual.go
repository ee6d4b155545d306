package core

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Manual does what somebody asks for by hand: it runs jobs now, and sends dead
// letters again. Both add single triggers to the queue, which the cursors know
// nothing of. It is safe for concurrent use, and any number of nodes may do so at
// once.
type Manual struct {
	namespace string
	now       func() time.Time
	schedules Schedules
	sender    Sender
	letters   Letters
	monitor   Monitor
}

// NewManual returns a Manual. now is the time that its triggers are due.
func NewManual(namespace string, now func() time.Time, schedules Schedules, sender Sender, letters Letters, monitor Monitor) *Manual {
	return &Manual{namespace: namespace, now: now, schedules: schedules, sender: sender, letters: letters, monitor: monitor}
}

// Run runs jobs of a stored schedule at once. Nothing of their times matters: a
// job that is over, or whose schedule is paused, is run. Jobs are sent one by one,
// so an error may come after some of them were; a request that is repeated under
// its name sends those that were not.
//
// The error is a *contract.FieldError, ErrNoSchedule, ErrUnusable, ErrFull or one
// that leaves the outcome open.
func (m *Manual) Run(ctx context.Context, r contract.RunRequest) (contract.RunAnswer, error) {
	answer := contract.RunAnswer{Runs: []contract.RunID{}}
	if err := checkRequest(&r); err != nil {
		return answer, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	rev, err := m.usable(ctx, r.Key)
	if err != nil {
		return answer, err
	}
	first, end, err := chosen(r.Index, len(rev.Schedule.Jobs))
	if err != nil {
		return answer, err
	}
	now := m.now().UTC()
	for i := first; i < end; i++ {
		t := rev.manual(i, contract.ManualID(m.namespace, r.Key, i, r.Request), now)
		if err := m.sender.Send(ctx, t); err != nil {
			return answer, fmt.Errorf("run job %d of %q: %w", i, r.Key, err)
		}
		answer.Runs = append(answer.Runs, contract.RunID{Index: i, ID: t.ID, Scheduled: now})
	}
	return answer, nil
}

func checkRequest(r *contract.RunRequest) error {
	if err := contract.CheckKey(r.Key); err != nil {
		return err
	}
	if len(r.Request) > contract.MaxIDLength {
		return &contract.FieldError{Field: "request", Problem: fmt.Sprintf("has %d bytes, want at most %d", len(r.Request), contract.MaxIDLength)}
	}
	return nil
}

// usable returns the newest revision of a schedule that can be run.
func (m *Manual) usable(ctx context.Context, key string) (Revision, error) {
	rev, err := m.schedules.Latest(ctx, key)
	switch {
	case errors.Is(err, ErrNoSchedule), err == nil && rev.Deleted:
		return rev, fmt.Errorf("%w: %q", ErrNoSchedule, key)
	case err != nil:
		return rev, err
	case rev.Bad != nil:
		return rev, fmt.Errorf("schedule %q %w: %w", key, ErrUnusable, &reason{rev.Bad})
	}
	return rev, nil
}

// reason is an error in the words of another: what is wrong with something that
// is stored is not wrong with the request.
type reason struct{ err error }

func (r *reason) Error() string { return r.err.Error() }

// chosen are the jobs that an index stands for: one, or all.
func chosen(index *int, jobs int) (first, end int, err error) {
	switch {
	case index == nil:
		return 0, jobs, nil
	case jobs == 1 && *index != 0:
		return 0, 0, &contract.FieldError{Field: "index", Problem: fmt.Sprintf("is %d, want 0: the schedule has one job", *index)}
	case *index < 0 || *index >= jobs:
		return 0, 0, &contract.FieldError{Field: "index", Problem: fmt.Sprintf("is %d, want 0 to %d", *index, jobs-1)}
	}
	return *index, *index + 1, nil
}

// manual makes the trigger of a run by hand.
func (r *Revision) manual(index int, id string, at time.Time) contract.Trigger {
	job := &r.Schedule.Jobs[index]
	return contract.Trigger{
		ID: id, Key: r.Key, Index: index, Mode: job.Mode, Scheduled: at, Due: at, Revision: r.Number,
		Timeout: job.Timeout, Option: job.Option,
		Attempts: job.Attempts, Deadline: job.Deadline, Overlap: job.Overlap, Completion: job.Completion,
	}
}

// Code returns the contract's code for an error of a Manual, and what a person
// may be told. An error that leaves the outcome open is told to the monitor,
// since whoever has asked gets no more of it than that.
func (m *Manual) Code(doing string, err error) (code, text string) {
	var field *contract.FieldError
	switch {
	case errors.As(err, &field):
		return contract.CodeInvalid, field.Error()
	case errors.Is(err, ErrNoSchedule), errors.Is(err, ErrNoLetter):
		return contract.CodeNotFound, err.Error()
	case errors.Is(err, ErrUnusable):
		return contract.CodeUnusable, err.Error()
	case errors.Is(err, ErrFull):
		return contract.CodeFull, "the trigger stream is full, want workers that run or more room"
	}
	m.monitor.Trouble(doing, -1, err)
	return contract.CodeUnavailable, "JetStream did not answer as it should, so it may have been done or not; ask again"
}
