//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

// The delays of a watch. A trigger is committed 1 s before it is due, and a
// change takes effect 2.5 s after it was stored: a scheduler that hears of it
// more than 1.5 s late has to keep to what it knows of the past.
const (
	leastDelay = 1600 * time.Millisecond
	mostDelay  = 2400 * time.Millisecond
)

// harmWatch lets one scheduler hear of changes late, over and over, while its
// heartbeats and commits arrive in time, so that nobody takes its partitions
// over. A delay needs some seconds to grow.
func (t *trial) harmWatch(_, during context.Context) error {
	r := rand.New(rand.NewPCG(t.plan.Seed, 5))
	for fleet.Pause(during, fleet.Random(r, 500*time.Millisecond, 3*time.Second)) {
		end := t.harmed.Begin(delayed, t.schedulers[schedulers-1].Name)
		t.delayWatch(fleet.Random(r, leastDelay, mostDelay))
		fleet.Pause(during, fleet.Random(r, 7*time.Second, 12*time.Second))
		t.delayWatch(0)
		end()
	}
	return nil
}

func (t *trial) delayWatch(d time.Duration) {
	for _, p := range t.proxies {
		p.Delay(d)
	}
}
