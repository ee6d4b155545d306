//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/weplanx/workflow/e2e/internal/drill"
	"github.com/weplanx/workflow/e2e/internal/fleet"
)

const (
	// stopLimit is how long a worker may take to stop: its grace period of 10 s,
	// and what storing the last records takes while servers are harmed.
	stopLimit = time.Minute
	// ackWait is how long the server waits for a worker before it gives its
	// triggers to others.
	ackWait = 20 * time.Second
)

// Kinds of harm to workers.
const (
	killed     = "worker killed"
	stalled    = "worker stalled"
	terminated = "worker terminated"

	stalledLong = "worker stalled for longer than its triggers are left to it" // noted as stalled
)

// floors are the least harm that a trial proves something with.
var floors = []drill.Floor{
	{Kinds: []string{killed}, Every: 20 * time.Second},
	{Kinds: []string{stalled}, Every: 40 * time.Second},
	{Kinds: []string{fleet.ServerKilled, fleet.ServerStalled}, Every: 40 * time.Second},
}

// harmAll does harm of all kinds for the planned time. An error means that
// something did not come back, or ended by itself.
func (t *trial) harmAll(ctx context.Context) error {
	if !fleet.Pause(ctx, 5*time.Second) { // everything fires before the first harm
		return ctx.Err()
	}
	kinds := []func(ctx, during context.Context) error{t.harmServers, t.bursts}
	for i := range t.workers {
		kinds = append(kinds, func(ctx, during context.Context) error { return t.harmWorker(ctx, during, i) })
	}
	return t.plan.Harm(ctx, t.progress, kinds...)
}

func (t *trial) harmServers(ctx, during context.Context) error {
	return t.cluster.Harm(ctx, during, t.nc, rand.New(rand.NewPCG(t.plan.Seed, 1)))
}

// harmWorker harms a worker again and again. What has begun is finished: only
// ctx breaks it off.
func (t *trial) harmWorker(ctx, during context.Context, i int) error {
	r := rand.New(rand.NewPCG(t.plan.Seed, uint64(2+i)))
	first := []string{killed, stalled, terminated}[i%3]
	kinds := fleet.NewDeck(r, slices.Concat(fleet.Times(4, killed), fleet.Times(3, stalled),
		fleet.Times(1, stalledLong), fleet.Times(4, terminated)), first)
	for fleet.Pause(during, fleet.Random(r, time.Second, 8*time.Second)) {
		if err := t.harmOnce(ctx, t.workers[i], kinds.Deal(), r); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) harmOnce(ctx context.Context, w *worker, kind string, r *rand.Rand) error {
	w.harming.Lock()
	defer w.harming.Unlock()
	if !w.Running() {
		return fmt.Errorf("%s ended by itself: see its log", w.Name)
	}
	away := fleet.Random(r, 0, 3*time.Second)
	switch kind {
	case killed:
		return t.kill(ctx, w, away)
	case stalled:
		t.stall(ctx, w, fleet.Random(r, 500*time.Millisecond, 5*time.Second))
	case stalledLong: // others take over, and it comes back in the middle
		t.stall(ctx, w, fleet.Random(r, ackWait, ackWait+7*time.Second))
	case terminated:
		return t.terminate(ctx, w, away)
	}
	return nil
}

func (t *trial) kill(ctx context.Context, w *worker, away time.Duration) error {
	end := t.harmed.Begin(killed, w.Name)
	w.Kill()
	end()
	fleet.Pause(ctx, away)
	return w.Start()
}

func (t *trial) stall(ctx context.Context, w *worker, d time.Duration) {
	defer t.harmed.Begin(stalled, w.Name)()
	w.Stall(ctx, d)
}

// terminate asks a worker to stop, as an update does, and starts it again.
func (t *trial) terminate(ctx context.Context, w *worker, away time.Duration) error {
	end := t.harmed.Begin(terminated, w.Name)
	err := w.Terminate(stopLimit)
	end()
	if err != nil {
		return err
	}
	fleet.Pause(ctx, away)
	return w.Start()
}

func (t *trial) progress() string {
	return fmt.Sprintf("%d calls, %s", t.targets.count(), t.harmed.String())
}
