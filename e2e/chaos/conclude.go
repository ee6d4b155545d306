//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/chaos/internal/oracle"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	quietFor    = 4 * time.Second // without a new trigger: nothing more will come
	settleLimit = 2 * time.Minute
)

// settle removes the schedules and waits until nothing more is published.
func (t *trial) settle(ctx context.Context) error {
	if err := t.caughtUp(ctx); err != nil {
		return err
	}
	if err := t.schedulersReady(ctx); err != nil {
		return err
	}
	if err := t.load.remove(ctx); err != nil {
		return err
	}
	if !pause(ctx, contract.EffectDelay) {
		return ctx.Err()
	}
	return await(ctx, settleLimit, "the last trigger", func() error {
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
	var problems []error
	for _, p := range t.schedulers {
		problems = append(problems, p.terminate(stopLimit))
	}
	histories, err := t.histories(ctx)
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

// histories reads every revision of every key from the bucket, oldest first.
func (t *trial) histories(ctx context.Context) (map[string][]oracle.Revision, error) {
	bucket, err := t.js.KeyValue(ctx, names.Bucket())
	if err != nil {
		return nil, err
	}
	watcher, err := bucket.WatchAll(ctx, jetstream.IncludeHistory())
	if err != nil {
		return nil, err
	}
	defer func() { _ = watcher.Stop() }()
	histories := map[string][]oracle.Revision{}
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(settleLimit):
			return nil, errors.New("the bucket was not read to its end")
		case entry := <-watcher.Updates():
			if entry == nil {
				return histories, nil
			}
			if strings.HasPrefix(entry.Key(), contract.NodePrefix) {
				continue
			}
			r, err := revision(entry)
			if err != nil {
				return nil, err
			}
			histories[entry.Key()] = append(histories[entry.Key()], r)
		}
	}
}

func revision(entry jetstream.KeyValueEntry) (oracle.Revision, error) {
	r := oracle.Revision{Number: entry.Revision(), Stored: entry.Created()}
	if entry.Operation() != jetstream.KeyValuePut {
		return r, nil
	}
	s, err := contract.Decode[contract.Schedule](entry.Value())
	if err != nil {
		return r, fmt.Errorf("revision %d of %s: %w", r.Number, entry.Key(), err)
	}
	if r.Anchor = s.Anchor; r.Anchor.IsZero() {
		r.Anchor = r.Stored
	}
	if !s.Paused {
		r.Jobs = s.Jobs
	}
	return r, nil
}

// quantiles of durations, as a line.
func quantiles(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	all = slices.Sorted(slices.Values(all))
	at := func(q float64) time.Duration {
		return all[int(q*float64(len(all)-1))].Round(time.Millisecond)
	}
	return fmt.Sprintf("p50 %s, p99 %s, max %s (%d)", at(0.5), at(0.99), at(1), len(all))
}
