//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	burstAhead = 6 * time.Second // more than a schedule takes until it fires
	callLimit  = time.Minute     // for NATS to be available again
)

// load is the schedules.
type load struct {
	schedules *client.Schedule
	targets   *targets
	keys      []string
	bursts    int
	policies  bool // that jobs have any but their timeouts and completions
}

// store stores n schedules of all kinds.
func (l *load) store(ctx context.Context, n int) error {
	for i := range n {
		if err := l.set(ctx, fmt.Sprintf("k%03d", i), l.job(i)); err != nil {
			return err
		}
	}
	return nil
}

// kinds of jobs: those that must always succeed in the end, those whose target
// makes them fail or is to report the end, and those that overlap when nothing keeps
// them from it. The
// turn of a job whose occurrences queue passes on every few seconds at worst.
var kinds = []struct {
	spec, target string
	policies     common.Job
}{
	{"@every 1s", "fast", common.Job{}},
	{"@every 300ms", "fast", common.Job{}},
	{"@every 1s", "flaky", common.Job{Attempts: 4, Timeout: seconds(1)}},
	{"@every 300ms", "slow", common.Job{Overlap: contract.OverlapSkip}},
	{"@every 4s", "slow", common.Job{Overlap: contract.OverlapQueue}},
	{"@every 1s", "slow", common.Job{}},
	{"@every 1s", "flaky", common.Job{Attempts: 3, Timeout: seconds(1), Overlap: contract.OverlapSkip}},
	{"@every 5s", "fast", common.Job{Overlap: contract.OverlapQueue}},
	{"@every 2s", "hanging", common.Job{Attempts: 2, Timeout: seconds(1)}},
	{"@every 1s", "fast", common.Job{Deadline: seconds(3)}},
	{"@every 4s", "flaky", common.Job{Attempts: 3, Timeout: seconds(1), Overlap: contract.OverlapQueue, Deadline: seconds(20)}},
	{"@every 3s", "hanging", common.Job{Timeout: seconds(2), Deadline: seconds(10)}},
	{"@every 1s", "long", common.Job{Completion: contract.Duration(longest)}},
	{"@every 3s", "long", common.Job{Completion: seconds(4), Overlap: contract.OverlapSkip}},
	{"@every 6s", "long", common.Job{Completion: seconds(3), Overlap: contract.OverlapQueue}},
}

func seconds(n int) contract.Duration { return contract.Duration(time.Duration(n) * time.Second) }

func (l *load) job(i int) common.Job {
	kind := kinds[i%len(kinds)]
	job := kind.policies
	if !l.policies {
		job = common.Job{Timeout: job.Timeout, Completion: job.Completion}
	}
	made := common.HttpJob(kind.spec, common.HttpOption{Url: l.targets.url(kind.target), Body: map[string]any{"n": i}})
	job.Mode, job.Spec, job.Option = made.Mode, made.Spec, made.Option
	return job
}

// burst stores schedules whose jobs are due at one instant, n in all. Half of
// their calls are fast, the others fail as they like.
func (l *load) burst(ctx context.Context, n int) (due time.Time, err error) {
	due = time.Now().Add(burstAhead).UTC().Truncate(time.Second)
	spec := fmt.Sprintf("%d %d * * * *", due.Second(), due.Minute())
	l.bursts++
	for part := 0; n > 0; part++ {
		jobs := make([]common.Job, min(n, contract.MaxJobs))
		for i := range jobs {
			jobs[i] = l.job(2 * (i % 2)) // "fast" or "flaky"
			jobs[i].Spec = spec
		}
		if err := l.set(ctx, fmt.Sprintf("burst%02d.%d", l.bursts, part), jobs...); err != nil {
			return due, err
		}
		n -= len(jobs)
	}
	return due, nil
}

func (l *load) set(ctx context.Context, key string, jobs ...common.Job) error {
	l.keys = append(l.keys, key)
	return fleet.Await(ctx, callLimit, "storing "+key, func() error { return l.schedules.SetContext(ctx, key, jobs...) })
}

// remove removes every schedule, so that the occurrences come to an end.
func (l *load) remove(ctx context.Context) error {
	for _, key := range l.keys {
		err := fleet.Await(ctx, callLimit, "removing "+key, func() error {
			err := l.schedules.RemoveContext(ctx, key)
			if errors.Is(err, client.ErrNotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
