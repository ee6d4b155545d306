//go:build unix

package main

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/client"
)

// trial is a site under load and harm.
type trial struct {
	*site

	plan     plan
	nc       *nats.Conn
	js       jetstream.JetStream
	targets  *targets
	observed *observed
	load     *load
	started  time.Time
}

// begin starts everything and stores the schedules.
func begin(ctx context.Context, p plan, folder string) (_ *trial, err error) {
	t := &trial{plan: p, started: time.Now()}
	if t.site, err = newSite(ctx, folder, p.Servers); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if t.targets, err = newTargets(ctx, p.Seed); err != nil {
		return nil, err
	}
	if err := t.start(ctx); err != nil {
		return nil, err
	}
	if t.nc, err = t.cluster.Connect("chaos-worker"); err != nil {
		return nil, err
	}
	t.targets.reports.nc = t.nc
	if t.js, err = jetstream.New(t.nc); err != nil {
		return nil, err
	}
	if t.observed, err = observe(ctx, t.nc, t.js); err != nil {
		return nil, err
	}
	return t, t.store(ctx)
}

func (t *trial) store(ctx context.Context) error {
	legacy, err := t.nc.JetStream(nats.MaxWait(time.Second))
	if err != nil {
		return err
	}
	schedules, err := client.New(namespace, t.nc, legacy)
	if err != nil {
		return err
	}
	t.load = &load{schedules: schedules, targets: t.targets, policies: t.plan.policies}
	return t.load.store(ctx, t.plan.Schedules)
}

// close ends everything. It may be called more than once.
func (t *trial) close() {
	t.site.close()
	if t.targets != nil {
		t.targets.close()
	}
	if t.nc != nil {
		t.nc.Close()
	}
}
