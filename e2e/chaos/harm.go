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

// stopLimit is how long a scheduler may take to stop when it is asked to.
const stopLimit = time.Minute

// Kinds of harm to schedulers.
const (
	killed        = "scheduler killed"
	stalled       = "scheduler stalled"
	repartitioned = "repartitioning"
	rolled        = "rolling restart"
	delayed       = "watch delayed"
)

// floors are the least harm that a trial proves something with.
var floors = []drill.Floor{
	{Kinds: []string{killed}, Every: 40 * time.Second},
	{Kinds: []string{stalled}, Every: 40 * time.Second},
	{Kinds: []string{delayed}, Every: 40 * time.Second},
	{Kinds: []string{fleet.ServerKilled, fleet.ServerStalled}, Every: 40 * time.Second},
}

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
	kinds := fleet.NewDeck(r, slices.Concat(fleet.Times(4, killed), fleet.Times(3, stalled),
		fleet.Times(1, repartitioned), fleet.Times(2, rolled)), killed, stalled)
	for fleet.Pause(during, fleet.Random(r, 500*time.Millisecond, 3*time.Second)) {
		for _, p := range t.schedulers {
			if !p.Running() {
				return fmt.Errorf("%s ended by itself: see its log", p.Name)
			}
		}
		var err error
		i := r.IntN(len(t.schedulers))
		switch kinds.Deal() {
		case killed:
			err = t.killScheduler(ctx, i, fleet.Random(r, 0, 2*time.Second))
		case stalled:
			err = t.stallScheduler(ctx, i, fleet.Random(r, 500*time.Millisecond, 5*time.Second))
		case repartitioned:
			err = t.repartition(ctx, 3+r.IntN(10))
		case rolled:
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
	defer t.harmed.Begin(killed, p.Name)()
	owned := t.ownedBy(nodeOf(&p.Process))
	began := time.Now()
	p.Kill()
	t.beside.Go(func() { t.took.add(t.watchTakeover(ctx, owned, began)) })
	fleet.Pause(ctx, away)
	return p.Start()
}

func (t *trial) stallScheduler(ctx context.Context, i int, d time.Duration) error {
	p := t.schedulers[i]
	defer t.harmed.Begin(stalled, p.Name)()
	p.Stall(ctx, d)
	return nil
}

// roll restarts the schedulers one after the other, as an update does.
func (t *trial) roll(ctx context.Context) error {
	defer t.harmed.Begin(rolled, "")()
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
