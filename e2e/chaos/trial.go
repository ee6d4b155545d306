//go:build unix

package main

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/contract"
)

const names = contract.Names(namespace)

// trial is a site under load and harm.
type trial struct {
	*site
	plan   plan
	nc     *nats.Conn
	legacy nats.JetStreamContext
	js     jetstream.JetStream
	load   *workload
	queue  *queue
	peace  takeovers // while nothing else was harmed
	took   takeovers // under other harm

	repartitioned int                // with success; of harmSchedulers alone
	stop          context.CancelFunc // of what runs beside
	beside        sync.WaitGroup
	started       time.Time
}

// begin starts everything and stores the schedules.
func begin(ctx context.Context, p plan, folder string) (_ *trial, err error) {
	t := &trial{plan: p}
	if t.site, err = newSite(ctx, folder, p.Servers); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if err := t.cluster.Start(ctx); err != nil {
		return nil, err
	}
	if err := t.connect(); err != nil {
		return nil, err
	}
	for _, p := range t.schedulers {
		if err := p.Start(); err != nil {
			return nil, err
		}
	}
	if err := t.schedulersReady(ctx); err != nil {
		return nil, err
	}
	return t, t.observe(ctx)
}

func (t *trial) connect() (err error) {
	if t.nc, err = t.cluster.Connect("chaos"); err != nil {
		return err
	}
	if t.legacy, err = t.nc.JetStream(nats.MaxWait(time.Second)); err != nil {
		return err
	}
	t.js, err = jetstream.New(t.nc)
	return err
}

// observe takes triggers from the queue and stores the schedules.
func (t *trial) observe(ctx context.Context) error {
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.stop, t.started = stop, time.Now()
	var err error
	if t.queue, err = newQueue(ctx, t.js); err != nil {
		return err
	}
	t.beside.Go(func() { t.queue.drain(beside) })
	schedules, err := client.New(namespace, t.nc, t.legacy)
	if err != nil {
		return err
	}
	t.load = newWorkload(schedules, t.plan.Seed, t.plan.Schedules)
	return t.load.store(ctx)
}

func (t *trial) schedulersReady(ctx context.Context) error {
	for _, p := range t.schedulers {
		if err := p.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close ends everything. It may be called more than once.
func (t *trial) close() {
	if t.stop != nil {
		t.stop()
	}
	t.beside.Wait()
	if t.nc != nil {
		t.nc.Close()
	}
	t.site.close()
}
