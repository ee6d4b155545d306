//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/e2e/internal/oracle"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	quietFor    = 4 * time.Second // without a new trigger: nothing more will come
	settleLimit = 2 * time.Minute
)

// settle removes the schedules and waits until nothing more is published.
func (t *trial) settle(ctx context.Context) error {
	if err := t.cluster.CaughtUp(ctx, t.nc); err != nil {
		return err
	}
	if err := t.schedulersReady(ctx); err != nil {
		return err
	}
	if err := t.load.remove(ctx); err != nil {
		return err
	}
	if !fleet.Pause(ctx, contract.EffectDelay) {
		return ctx.Err()
	}
	return fleet.Await(ctx, settleLimit, "the last trigger", func() error {
		if quiet := t.queue.quiet(); quiet < quietFor {
			return fmt.Errorf("one came %s ago", quiet)
		}
		info, err := t.queue.consumer.Info(ctx)
		if err == nil && (info.NumPending > 0 || info.NumAckPending > 0) {
			err = fmt.Errorf("%d are waiting, %d are not acknowledged", info.NumPending, info.NumAckPending)
		}
		return err
	})
}

// conclude stops the schedulers and lets the ledger decide.
func (t *trial) conclude(ctx context.Context) error {
	problems := []error{t.plan.Enough(&t.harmed, floors...)}
	for _, p := range t.schedulers {
		problems = append(problems, p.Terminate(stopLimit))
	}
	histories, err := oracle.Histories(ctx, t.js, names)
	if err != nil {
		return err
	}
	var expected []oracle.Occurrence
	revisions := 0
	for key, history := range histories {
		occurrences, err := oracle.Expect(namespace, key, history, time.Now())
		if err != nil {
			return err
		}
		expected, revisions = append(expected, occurrences...), revisions+len(history)
	}
	verdict := oracle.Judge(expected, t.queue.all())
	t.report(verdict, revisions)
	if len(verdict.Findings) > 0 || t.queue.unreadable > 0 {
		t.keepEvidence(verdict)
		problems = append(problems, fmt.Errorf("%d findings, %d unreadable triggers", len(verdict.Findings), t.queue.unreadable))
	}
	return errors.Join(problems...)
}
