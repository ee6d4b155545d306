//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

const (
	// stopLimit is how long a worker may take to stop: its grace period of 10 s,
	// and what storing the last records takes while servers are harmed.
	stopLimit = 20 * time.Second
	// ackWait is how long the server waits for a worker before it gives its
	// triggers to others.
	ackWait = 20 * time.Second
)

// Kinds of harm to workers.
const (
	killed     = "worker killed"
	stalled    = "worker stalled"
	terminated = "worker terminated"
)

// harmAll does harm of all kinds for the planned time. An error means that
// something did not come back, or ended by itself.
func (t *trial) harmAll(ctx context.Context) error {
	if !fleet.Pause(ctx, 5*time.Second) { // everything fires before the first harm
		return ctx.Err()
	}
	limited, stop := context.WithTimeout(ctx, t.plan.duration)
	defer stop()
	during, fail := context.WithCancelCause(limited)
	defer fail(nil)
	var group sync.WaitGroup
	do := func(what func() error) {
		group.Go(func() {
			if err := what(); err != nil {
				fail(err)
			}
		})
	}
	for i := range t.workers {
		do(func() error { return t.harmWorker(ctx, during, i) })
	}
	do(func() error { return t.cluster.Harm(ctx, during, t.nc, rand.New(rand.NewPCG(t.plan.seed, 1))) })
	do(func() error { return t.load.run(ctx, during, t.plan.burst) })
	group.Go(func() { t.progress(during) })
	group.Wait()
	if err := context.Cause(during); !errors.Is(err, context.DeadlineExceeded) { // the planned end
		return err
	}
	return ctx.Err()
}

// harmWorker harms a worker again and again. What has begun is finished: only
// ctx breaks it off.
func (t *trial) harmWorker(ctx, during context.Context, i int) error {
	r := rand.New(rand.NewPCG(t.plan.seed, uint64(2+i)))
	w := t.workers[i]
	for fleet.Pause(during, fleet.Random(r, time.Second, 8*time.Second)) {
		if !w.Running() {
			return fmt.Errorf("%s ended by itself: see its log", w.Name)
		}
		var err error
		n, away := r.IntN(12), fleet.Random(r, 0, 3*time.Second)
		switch {
		case n < 4:
			err = t.killWorker(ctx, w, away)
		case n < 7:
			t.stallWorker(ctx, w, fleet.Random(r, 500*time.Millisecond, 5*time.Second))
		case n < 8: // others take over, and it comes back in the middle
			t.stallWorker(ctx, w, fleet.Random(r, ackWait, ackWait+7*time.Second))
		default:
			err = t.terminateWorker(ctx, w, away)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) killWorker(ctx context.Context, w *fleet.Service, away time.Duration) error {
	end := t.harmed.Begin(killed, w.Name)
	w.Kill()
	end()
	fleet.Pause(ctx, away)
	return w.Start()
}

func (t *trial) stallWorker(ctx context.Context, w *fleet.Service, d time.Duration) {
	defer t.harmed.Begin(stalled, w.Name)()
	w.Signal(syscall.SIGSTOP)
	fleet.Pause(ctx, d)
	w.Signal(syscall.SIGCONT)
}

// terminateWorker asks a worker to stop, as an update does, and starts it again.
func (t *trial) terminateWorker(ctx context.Context, w *fleet.Service, away time.Duration) error {
	end := t.harmed.Begin(terminated, w.Name)
	err := w.Terminate(stopLimit)
	end()
	if err != nil {
		return err
	}
	fleet.Pause(ctx, away)
	return w.Start()
}

func (t *trial) progress(ctx context.Context) {
	for fleet.Pause(ctx, 20*time.Second) {
		fmt.Printf("chaos-worker: %s: %d calls, %s\n", time.Since(t.started).Round(time.Second), t.targets.count(), t.harmed.String())
	}
}
