//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

// stopLimit is how long a scheduler may take to stop when it is asked to.
const stopLimit = time.Minute

// harmAll does harm of all kinds for the planned time. An error means that
// something did not come back, or ended by itself.
func (t *trial) harmAll(ctx context.Context) error {
	change := func(_, during context.Context) error { t.load.change(during); return nil }
	err := t.plan.Harm(ctx, t.progress, change, t.harmSchedulers, t.harmServers, t.harmWatch)
	r := rand.New(rand.NewPCG(t.plan.Seed, 4))
	for n := 0; n < t.plan.outages && err == nil; n++ {
		err = t.outage(ctx, fleet.Random(r, 32*time.Second, 40*time.Second))
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// harmSchedulers harms one scheduler after the other. What has begun is
// finished: only ctx breaks it off.
func (t *trial) harmSchedulers(ctx, during context.Context) error {
	r := rand.New(rand.NewPCG(t.plan.Seed, 2))
	for fleet.Pause(during, fleet.Random(r, 500*time.Millisecond, 3*time.Second)) {
		for _, p := range t.schedulers {
			if !p.Running() {
				return fmt.Errorf("%s ended by itself: see its log", p.Name)
			}
		}
		var err error
		i := r.IntN(len(t.schedulers))
		switch n := r.IntN(10); {
		case n < 4:
			err = t.killScheduler(ctx, i, fleet.Random(r, 0, 2*time.Second))
		case n < 7:
			err = t.stallScheduler(ctx, i, fleet.Random(r, 500*time.Millisecond, 5*time.Second))
		case n < 8:
			err = t.repartition(ctx, 3+r.IntN(10))
		default:
			err = t.roll(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) harmServers(ctx, during context.Context) error {
	return t.cluster.Harm(ctx, during, t.nc, rand.New(rand.NewPCG(t.plan.Seed, 3)))
}

func (t *trial) killScheduler(ctx context.Context, i int, away time.Duration) error {
	p := t.schedulers[i]
	defer t.harmed.Begin("scheduler killed", p.Name)()
	owned := t.ownedBy(nodeOf(&p.Process))
	began := time.Now()
	p.Kill()
	t.beside.Go(func() { t.took.add(t.watchTakeover(ctx, owned, began)) })
	fleet.Pause(ctx, away)
	return p.Start()
}

func (t *trial) stallScheduler(ctx context.Context, i int, d time.Duration) error {
	p := t.schedulers[i]
	defer t.harmed.Begin("scheduler stalled", p.Name)()
	p.Stall(ctx, d)
	return nil
}

// roll restarts the schedulers one after the other, as an update does.
func (t *trial) roll(ctx context.Context) error {
	defer t.harmed.Begin("rolling restart", "")()
	for _, p := range t.schedulers {
		if err := p.Terminate(stopLimit); err != nil {
			return err
		}
		if err := p.Start(); err != nil {
			return err
		}
		if err := t.schedulersReady(ctx); err != nil {
			return err
		}
	}
	return nil
}

// outage kills every scheduler for so long that misfire policies apply.
func (t *trial) outage(ctx context.Context, d time.Duration) error {
	defer t.harmed.Begin("outage", "")()
	for _, p := range t.schedulers {
		p.Kill()
	}
	if !fleet.Pause(ctx, d) {
		return ctx.Err()
	}
	for _, p := range t.schedulers {
		if err := p.Start(); err != nil {
			return err
		}
	}
	if err := t.schedulersReady(ctx); err != nil {
		return err
	}
	fleet.Pause(ctx, 5*time.Second)
	return nil
}

func (t *trial) progress() string {
	return fmt.Sprintf("%d triggers, %s", len(t.queue.all()), t.harmed.String())
}
