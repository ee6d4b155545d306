//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

// bursts has many jobs due at once, again and again, and strikes when their
// calls are made and recorded: a worker that is killed then is in the middle of
// everything that it does, while most of the time it has nothing to do.
func (t *trial) bursts(ctx, during context.Context) error {
	r := rand.New(rand.NewPCG(t.plan.Seed, 100))
	for t.plan.burst > 0 {
		due, err := t.load.burst(ctx, t.plan.burst)
		if err != nil || !fleet.Pause(during, time.Until(due)) {
			return err
		}
		if err := t.strike(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// strike kills the workers that are not being harmed already, one after the
// other. Before that the log stream may lose its leader, so that records wait.
func (t *trial) strike(ctx context.Context, r *rand.Rand) error {
	if len(t.cluster.Servers) > 1 && r.IntN(2) == 0 {
		t.cluster.StepDown(ctx, t.nc, names.ResultStream())
	}
	for _, i := range r.Perm(len(t.workers)) {
		fleet.Pause(ctx, fleet.Random(r, 20*time.Millisecond, 300*time.Millisecond))
		if err := t.killIdle(ctx, t.workers[i]); err != nil {
			return err
		}
	}
	return nil
}

// killIdle kills a worker unless something else is being done to it.
func (t *trial) killIdle(ctx context.Context, w *worker) error {
	if !w.harming.TryLock() {
		return nil
	}
	defer w.harming.Unlock()
	return t.kill(ctx, w, 0)
}
