//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// maxChanges of one schedule: its bucket keeps contract.BucketHistory
// revisions, and the ledger needs them all.
const maxChanges = contract.BucketHistory / 2

// workload is the schedules and their changes.
type workload struct {
	schedules *client.Schedule
	random    *rand.Rand
	keys      []string
	changed   map[string]int
	counts    map[string]int // of changes, by kind
	failed    int            // changes with an error, whose outcome the bucket tells
}

func newWorkload(schedules *client.Schedule, seed uint64, n int) *workload {
	w := &workload{
		schedules: schedules, random: rand.New(rand.NewPCG(seed, 1)),
		changed: map[string]int{}, counts: map[string]int{},
	}
	for i := range n {
		w.keys = append(w.keys, fmt.Sprintf("k%03d", i))
	}
	return w
}

// store stores every schedule once.
func (w *workload) store(ctx context.Context) error {
	for i, key := range w.keys {
		if err := w.schedules.SetContext(ctx, key, kinds[i%len(kinds)]()...); err != nil {
			return err
		}
	}
	return nil
}

// kinds of schedules; cron specs have a wildcard hour, see package oracle.
var kinds = []func() []common.Job{
	func() []common.Job { return jobs("@every 1s") },
	func() []common.Job { return jobs("@every 300ms") },
	func() []common.Job { return jobs("*/2 * * * * *") },
	func() []common.Job { return jobs("* * * * * *") },
	func() []common.Job { return []common.Job{jittered("@every 300ms", 100*time.Millisecond)} },
	func() []common.Job { return []common.Job{zoned("*/2 0-59/2 * * * *", "Asia/Kathmandu")} },
	func() []common.Job { return []common.Job{jittered("* * * * * *", 700*time.Millisecond)} },
	func() []common.Job { return []common.Job{late("@every 1s", contract.MisfireSkip, 0)} },
	func() []common.Job { return []common.Job{late("@every 1s", contract.MisfireAll, 10)} },
	func() []common.Job {
		return []common.Job{zoned("* 1-59/2 * * * *", "Australia/Eucla"), jittered("*/20 * * * * *", 15*time.Second)}
	},
	func() []common.Job { return jobs("@every 1.7s", "*/5 * * * * *", "@every 300ms") },
	func() []common.Job { return []common.Job{late("@every 300ms", contract.MisfireOnce, 0)} },
	func() []common.Job { return []common.Job{zoned("*/3 */4 * * * *", "America/St_Johns")} },
}

func jobs(specs ...string) []common.Job {
	var all []common.Job
	for _, spec := range specs {
		all = append(all, common.HttpJob(spec, common.HttpOption{Url: "http://receiver.test/"}))
	}
	return all
}

func jittered(spec string, d time.Duration) common.Job {
	job := jobs(spec)[0]
	job.Jitter = contract.Duration(d)
	return job
}

func zoned(spec, zone string) common.Job {
	job := jobs(spec)[0]
	job.Timezone = zone
	return job
}

func late(spec, policy string, limit int) common.Job {
	job := jobs(spec)[0]
	job.Misfire = contract.Misfire{Policy: policy, Limit: limit}
	return job
}

// change changes schedules at random until ctx ends, so many that some meet
// every moment at which a scheduler's list of jobs is stale.
func (w *workload) change(ctx context.Context) {
	for fleet.Pause(ctx, fleet.Random(w.random, 10*time.Millisecond, 100*time.Millisecond)) {
		key := w.keys[w.random.IntN(len(w.keys))]
		if w.changed[key]++; w.changed[key] > maxChanges {
			continue
		}
		for range 1 + w.random.IntN(2) { // two changes in a row meet within the effect delay
			w.changeOne(key)
		}
	}
}

func (w *workload) changeOne(key string) {
	// Without a context: what has begun is waited for.
	var err error
	var what string
	switch n := w.random.IntN(8); n {
	case 0:
		what, err = "paused", w.schedules.Pause(key)
	case 1, 2, 3:
		what, err = "resumed", w.schedules.Resume(key)
	case 4:
		what, err = "removed", w.schedules.Remove(key)
	default:
		what, err = "set", w.schedules.Set(key, kinds[w.random.IntN(len(kinds))]()...)
	}
	switch {
	case err == nil:
		w.counts[what]++
	case !errors.Is(err, client.ErrNotFound):
		w.failed++
	}
}

// remove removes every schedule, so that the occurrences come to an end.
func (w *workload) remove(ctx context.Context) error {
	for _, key := range w.keys {
		err := fleet.Await(ctx, time.Minute, "removing "+key, func() error {
			err := w.schedules.RemoveContext(ctx, key)
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
