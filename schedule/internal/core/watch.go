package core

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// errAnew ends a watch whose revisions count from the beginning.
var errAnew = errors.New("the bucket was deleted and made anew")

// loadingStep is how many schedules are loaded between two words about it.
const loadingStep = 100_000

// seen are the keys a watch has reported until it is synced, with the number of
// the newest revision; nil afterwards.
type seen map[string]uint64

// watch keeps the partitions' schedules up to date until ctx ends.
func (e *Engine) watch(ctx context.Context) {
	for ctx.Err() == nil {
		err := e.watchOnce(ctx)
		if ctx.Err() == nil {
			e.monitor.Trouble("watch schedules", -1, err)
			sleep(ctx, retryAfter)
		}
	}
}

// watchOnce begins anew: partitions stand still until everything stored has
// been seen, and what was not seen is gone.
func (e *Engine) watchOnce(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.anew = cancel
	e.synced.Store(false)
	e.newest.Store(0)
	select {
	case <-e.renewals: //nolint:errcheck // it was about the watch before
	default:
	}
	for _, p := range e.parts {
		p.unsync()
	}
	e.lastSeen = seen{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.audit(ctx, cancel)
	}()
	err := e.store.Watch(ctx, e.apply)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	cancel(nil)
	<-done
	return err
}

// renew has the watch begun anew. It does not block.
func (e *Engine) renew(reason error) {
	select {
	case e.renewals <- reason:
	default:
	}
}

// audit ends the watch when it is to be begun anew: because a partition wants
// it, or because keys have vanished from the store.
func (e *Engine) audit(ctx context.Context, cancel context.CancelCauseFunc) {
	look := time.NewTicker(auditEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case reason := <-e.renewals:
			cancel(reason)
		case <-look.C:
			if e.synced.Load() && e.vanished(ctx) {
				cancel(ErrVanished)
			}
		}
	}
}

// vanished reports whether the store has lost a key that a partition holds.
func (e *Engine) vanished(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	oldest, _, err := e.store.Extent(limited)
	if err != nil {
		return false // the watch itself will tell
	}
	return slices.ContainsFunc(e.parts, func(p *partition) bool { return p.holdsBefore(oldest) })
}

// apply takes one change of the store. It is called by one goroutine.
func (e *Engine) apply(c Change) {
	switch {
	case c.Synced:
		e.sync()
	case c.Heartbeat != nil:
		e.hear(*c.Heartbeat, c.Stored)
	case c.Revision != nil:
		e.applyRevision(*c.Revision)
	}
	if at := nanos(c.Stored); at != 0 {
		e.fresh.Store(at)
	}
	if c.Heartbeat != nil {
		e.wakeAll()
	}
}

// hear takes a heartbeat. This node's own ones also compare its clock with the
// server's.
func (e *Engine) hear(b contract.Heartbeat, stored time.Time) {
	e.members.hear(b, e.Now())
	if b.Node != e.Node {
		return
	}
	before := e.clock.warning()
	e.clock.sample(stored.Sub(b.Sent))
	if after := e.clock.warning(); after != nil && before == nil {
		e.monitor.Trouble("compare clocks", -1, after)
	}
}

func (e *Engine) applyRevision(r Revision) {
	if e.lastSeen != nil {
		e.lastSeen[r.Key] = r.Number
		if n := len(e.lastSeen); n%loadingStep == 0 {
			e.monitor.Loading(n, false)
		}
	}
	if r.Number > e.newest.Load() {
		e.newest.Store(r.Number)
	}
	p := e.parts[contract.Partition(r.Key, len(e.parts))]
	positioned, added := p.apply(r)
	if !added || r.Bad == nil {
		return
	}
	e.monitor.BadEntry(r.Key, r.Number, r.Bad)
	if positioned { // otherwise whoever takes the partition records it
		e.recordLater(BadEntry{Key: r.Key, Number: r.Number, Stored: r.Stored, Reason: r.Bad})
	}
}

// recordLater hands a bad entry to recordBad. In a flood of garbage some go
// without a record; the monitor has heard of them.
func (e *Engine) recordLater(b BadEntry) {
	select {
	case e.bad <- b:
	default:
	}
}

// sync lets the partitions go, without the keys that are no longer stored.
func (e *Engine) sync() {
	same := true
	for _, p := range e.parts {
		same = p.sync(e.lastSeen) && same
	}
	if !same {
		e.lastSeen = nil
		e.anew(errAnew)
		return
	}
	e.monitor.Loading(len(e.lastSeen), true)
	e.lastSeen = nil
	e.synced.Store(true)
}

func (e *Engine) wakeAll() {
	for _, p := range e.parts {
		p.wake()
	}
}
