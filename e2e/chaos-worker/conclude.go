//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/chaos-worker/internal/account"
	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/oracle"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	// drainLimit is how long what waits for its next attempt may take: the
	// longest wait between two is 5 minutes.
	drainLimit = 6 * time.Minute
	// drainedFor: nothing more will come after the stream has been empty so long.
	drainedFor = 2 * time.Second
	readLimit  = 2 * time.Minute
)

// settle ends the harm, lets all targets answer well, removes the schedules and
// waits until every trigger has been worked off.
func (t *trial) settle(ctx context.Context) error {
	if err := t.cluster.CaughtUp(ctx, t.nc); err != nil {
		return err
	}
	if err := t.ready(ctx); err != nil {
		return err
	}
	t.targets.calm.Store(true)
	if err := t.load.remove(ctx); err != nil {
		return err
	}
	if !fleet.Pause(ctx, contract.EffectDelay) {
		return ctx.Err()
	}
	ctx, fail := context.WithCancel(ctx)
	defer fail()
	began, empty := time.Now(), time.Now()
	err := fleet.Await(ctx, drainLimit, "the last trigger", func() error {
		if err := t.alive(); err != nil {
			fail()
			return err
		}
		left, err := t.left(ctx)
		if err != nil || left > 0 {
			empty = time.Now()
			return errors.Join(err, fmt.Errorf("%d are left", left))
		}
		if time.Since(empty) < drainedFor {
			return errors.New("the last one has just gone")
		}
		return nil
	})
	t.plan.Say(fmt.Sprintf("drained within %s of the end of harm; the server keeps %d triggers", time.Since(began).Round(time.Second), t.kept(ctx)))
	return err
}

// left is how many triggers the workers' consumer has not seen acknowledged. The
// stream may hold more: a server that is killed right after an acknowledgement may
// keep what it was about, of which the consumer knows nothing any more. Whether
// such an occurrence has ended is for the account to say.
func (t *trial) left(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	consumer, err := t.js.Consumer(ctx, names.TriggerStream(), "workers")
	if err != nil {
		return 0, err
	}
	info := consumer.CachedInfo()
	return int(info.NumPending) + info.NumAckPending, nil
}

// kept is how many triggers are in their stream; -1: it does not say.
func (t *trial) kept(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	stream, err := t.js.Stream(ctx, names.TriggerStream())
	if err != nil {
		return -1
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(names.Triggers()))
	if err != nil {
		return -1
	}
	kept := uint64(0)
	for _, n := range info.State.Subjects {
		kept += n
	}
	return int(kept)
}

// conclude stops the workers, gathers the evidence and lets the account decide.
func (t *trial) conclude(ctx context.Context) error {
	problems := []error{t.plan.Enough(&t.harmed, floors...)}
	for _, w := range t.workers {
		problems = append(problems, w.Terminate(stopLimit))
	}
	evidence, err := t.evidence(ctx)
	if err != nil {
		return err
	}
	verdict := account.Judge(evidence)
	t.report(verdict)
	if len(verdict.Findings) > 0 {
		t.keepEvidence(verdict, &evidence)
		problems = append(problems, fmt.Errorf("%d findings", len(verdict.Findings)))
	}
	return errors.Join(problems...)
}

func (t *trial) evidence(ctx context.Context) (account.Evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	e := account.Evidence{Calls: t.targets.all(), Reports: t.targets.reports.told(), Triggers: t.observed.all(), AckWait: ackWait}
	for _, h := range t.harmed.All() {
		switch h.Kind {
		case killed:
			e.Harms = append(e.Harms, account.Harm{Worker: h.Name, From: h.From, To: h.From})
		case stalled:
			e.Harms = append(e.Harms, account.Harm{Worker: h.Name, From: h.From, To: h.To})
		case fleet.ServerKilled, fleet.ServerStalled:
			e.Harms = append(e.Harms, account.Harm{From: h.From, To: h.To})
		}
	}
	var err error
	if e.Demands, err = t.demands(ctx); err != nil {
		return e, err
	}
	for _, r := range []ledger.Reader{
		{Stream: names.ResultStream(), Read: func(m jetstream.Msg) error { return addRecord(&e, m) }},
		{Stream: names.DeadStream(), Read: func(m jetstream.Msg) error { return addDead(&e, m) }},
	} {
		if err := r.Poll(ctx, t.js); err != nil {
			return e, err
		}
	}
	return e, nil
}

// demands asks the oracle what the stored schedules amount to.
func (t *trial) demands(ctx context.Context) ([]account.Demand, error) {
	histories, err := oracle.Histories(ctx, t.js, names)
	if err != nil {
		return nil, err
	}
	var demands []account.Demand
	for key, history := range histories {
		jobs := map[uint64][]contract.Job{}
		for _, r := range history {
			jobs[r.Number] = r.Jobs
		}
		occurrences, err := oracle.Expect(namespace, key, history, time.Now())
		if err != nil {
			return nil, err
		}
		for _, o := range occurrences {
			demands = append(demands, account.Demand{
				ID: o.ID, Key: key, Nominal: o.Nominal, Due: o.Due, Index: o.Index, Job: jobs[o.Revision][o.Index],
			})
		}
	}
	return demands, nil
}
