package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// Run runs jobs of a schedule now, by their options and policies: those with the
// given indexes, or all of them. Whether the schedule is paused does not matter,
// nor do the times of the jobs. It returns the occurrences that workers will run;
// [Schedule.Results] tells what becomes of them.
//
// The error is ErrNotFound, ErrBadEntry, ErrInvalid for an index that the schedule
// has not, ErrNoScheduler or ErrFull. After any other one, jobs may have been run.
func (s *Schedule) Run(key string, index ...int) (runs []common.RunID, err error) {
	ctx, cancel := s.plain()
	defer cancel()
	return s.RunContext(ctx, key, index...)
}

// RunContext is Run with a context.
func (s *Schedule) RunContext(ctx context.Context, key string, index ...int) (runs []common.RunID, err error) {
	if err := contract.CheckKey(key); err != nil {
		return nil, invalid(err)
	}
	if len(index) == 0 {
		return s.run(ctx, contract.RunRequest{Key: key})
	}
	for _, i := range index {
		some, err := s.run(ctx, contract.RunRequest{Key: key, Index: &i})
		runs = append(runs, some...)
		if err != nil {
			return runs, err
		}
	}
	return runs, nil
}

// run makes one request, which has a name so that asking anew runs nothing twice.
func (s *Schedule) run(ctx context.Context, r contract.RunRequest) ([]common.RunID, error) {
	r.Request = rand.Text()
	answer, err := ask[contract.RunAnswer](ctx, s, fmt.Sprintf("run %q", r.Key), contract.EndpointRun, r)
	var told *serviceError
	switch {
	case err == nil || !errors.As(err, &told):
		return answer.Runs, err
	case told.code == contract.CodeNotFound:
		return nil, notFound(r.Key)
	case told.code == contract.CodeUnusable:
		if _, bad := s.EntryContext(ctx, r.Key); errors.Is(bad, ErrBadEntry) {
			return nil, bad
		}
	}
	return nil, err
}
