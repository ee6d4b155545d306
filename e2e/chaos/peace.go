//go:build unix

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

// settledFor is how long everything is left alone before the next harm, so that
// every cursor tells who publishes for its partition.
const settledFor = 2 * time.Second

// killInPeace kills every scheduler in turn while nothing else is harmed, and
// measures how long it takes the others to go on for it.
func (t *trial) killInPeace(ctx context.Context) error {
	for range t.plan.peace {
		for _, p := range t.schedulers {
			if err := t.atPeace(ctx); err != nil {
				return err
			}
			if err := t.killOneInPeace(ctx, p); err != nil {
				return err
			}
		}
	}
	return t.atPeace(ctx)
}

// killOneInPeace: one that happens to own no partition has none taken over.
func (t *trial) killOneInPeace(ctx context.Context, p *fleet.Service) error {
	defer t.harmed.Begin("scheduler killed in peace", p.Name)()
	owned := t.ownedBy(nodeOf(&p.Process))
	died := time.Now()
	p.Kill()
	t.peace.add(t.watchTakeover(ctx, owned, died))
	return p.Start()
}

// atPeace waits until every scheduler is ready and knows all the others.
func (t *trial) atPeace(ctx context.Context) error {
	err := fleet.Await(ctx, time.Minute, "schedulers to know each other", func() error {
		states, err := t.load.schedules.Nodes(ctx)
		if err != nil {
			return err
		}
		if len(states) != len(t.schedulers) {
			return fmt.Errorf("%d answer, want %d", len(states), len(t.schedulers))
		}
		for _, s := range states {
			if !s.Ready || len(s.Nodes) != len(t.schedulers) {
				return fmt.Errorf("%s is not ready (%s) or knows only %d", s.Node, s.Reason, len(s.Nodes))
			}
		}
		return nil
	})
	if err == nil && !fleet.Pause(ctx, settledFor) {
		err = ctx.Err()
	}
	return err
}
