package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// partition publishes one share of the keys while this node owns it.
type partition struct {
	e      *Engine
	number int
	waking chan struct{} // holds one wake-up

	mu      sync.Mutex
	planner *Planner
	owned   bool
	synced  bool
	trouble error // of the last turn

	// Of the run loop alone:
	fence   Fence
	settled time.Time
}

func newPartition(e *Engine, number int) *partition {
	return &partition{e: e, number: number, waking: make(chan struct{}, 1), planner: NewPlanner(e.Namespace, DefaultLimits)}
}

func (p *partition) wake() {
	select {
	case p.waking <- struct{}{}:
	default:
	}
}

// apply adds a revision. It reports whether the planner stands at a cursor,
// and whether the revision was new.
func (p *partition) apply(r Revision) (positioned, added bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.planner.Positioned(), p.planner.Apply(r)
}

func (p *partition) setOwned(owned bool) {
	p.mu.Lock()
	p.owned = owned
	p.mu.Unlock()
	p.wake()
}

// state returns how many schedules the partition holds, and where its cursor
// stands if this node publishes for it.
func (p *partition) state() (schedules int, due time.Time, owned bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.planner.Live(), p.planner.At(), p.owned && p.planner.Positioned()
}

// err returns why the partition's last turn failed, or nil.
func (p *partition) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trouble == nil {
		return nil
	}
	return fmt.Errorf("partition %d: %w", p.number, p.trouble)
}

// holdsBefore reports whether the partition holds a key whose newest revision
// is older than number.
func (p *partition) holdsBefore(number uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	oldest, ok := p.planner.Oldest()
	return ok && oldest < number
}

// unsync stops the partition until the schedules are known again. What was
// known may have gaps now, so histories are read again before it goes on.
func (p *partition) unsync() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.synced = false
	p.planner.Doubt()
}

// sync lets the partition go on, without the keys that are not in stored. It
// reports false when a key's newest revision is not the stored one: the bucket
// was made anew and counts from the beginning.
func (p *partition) sync(stored seen) (same bool) {
	p.mu.Lock()
	var lost []string
	for key := range p.planner.Keys {
		if number, ok := stored[key]; !ok || number != p.planner.Newest(key) {
			lost = append(lost, key)
		}
	}
	for _, key := range lost {
		p.planner.Forget(key)
	}
	same = !slices.ContainsFunc(lost, func(key string) bool { _, ok := stored[key]; return ok })
	p.planner.Trust()
	p.synced = same
	p.mu.Unlock()
	p.wake()
	return same
}

// run publishes until ctx ends. A commit in flight is finished first.
func (p *partition) run(ctx context.Context) {
	for ctx.Err() == nil {
		pause, err := p.turn(ctx)
		p.mu.Lock()
		p.trouble = err
		p.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			p.e.monitor.Trouble("publish triggers", p.number, err)
		}
		p.rest(ctx, pause)
	}
}

// rest blocks for d, until woken (unless d is a back-off), or until ctx ends.
func (p *partition) rest(ctx context.Context, d rest) {
	if d.duration <= 0 {
		return
	}
	if d.backOff {
		sleep(ctx, d.duration)
		return
	}
	t := time.NewTimer(d.duration)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-p.waking:
	}
}

// rest is how long to wait after a turn. A back-off cannot be cut short.
type rest struct {
	duration time.Duration
	backOff  bool
}

// blocked is how long a partition waits when something is due but the store has
// not been heard of lately enough.
const blocked = 50 * time.Millisecond

// idle is how long a partition waits for a wake-up when nothing is due.
var idle = rest{duration: time.Second}

// turn does one step: position the planner if it is not, then plan and commit.
func (p *partition) turn(ctx context.Context) (rest, error) {
	if !p.mayPublish() {
		return idle, nil
	}
	if err := p.position(ctx); err != nil {
		return p.failed(err)
	}
	step, pause, ok := p.plan(p.e.Now())
	if !ok {
		return rest{duration: pause}, nil
	}
	return p.commit(ctx, step)
}

// mayPublish takes the planner off its cursor when the partition is not ours.
func (p *partition) mayPublish() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.owned {
		p.planner.Release()
	}
	return p.owned && p.synced && p.e.clock.err() == nil
}

// position loads the cursor and the histories that matter there.
func (p *partition) position(ctx context.Context) error {
	p.mu.Lock()
	positioned := p.planner.Positioned()
	p.mu.Unlock()
	if positioned {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	cursor, fence, err := p.e.pub.Load(limited, p.number)
	if err != nil {
		return err
	}
	if n := cursor.Partitions; n != 0 && n != len(p.e.parts) {
		p.e.stop(ErrPartitionsChanged)
		return ErrPartitionsChanged
	}
	if err := p.complete(ctx, cursor); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.synced {
		return nil
	}
	for _, b := range p.planner.Bad(cursor) {
		p.e.recordLater(b)
	}
	p.planner.Position(cursor)
	p.fence, p.settled = fence, p.e.Now()
	return nil
}

// complete reads the histories of keys that changed after the cursor.
func (p *partition) complete(ctx context.Context, cursor contract.Cursor) error {
	p.mu.Lock()
	keys := p.planner.Incomplete(cursor)
	p.mu.Unlock()
	for _, key := range keys {
		limited, cancel := context.WithTimeout(ctx, callTimeout)
		history, err := p.e.store.History(limited, key)
		cancel()
		if err != nil {
			return err
		}
		p.mu.Lock()
		for _, r := range history {
			if r.Key == key { // another key may be another partition's
				p.planner.Apply(r)
			}
		}
		p.planner.Complete(key)
		p.mu.Unlock()
	}
	return nil
}

// plan returns the next step, or for how long there is none.
func (p *partition) plan(now time.Time) (step Step, pause time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.synced || !p.owned {
		return Step{}, idle.duration, false
	}
	if step, ok = p.planner.Plan(now, p.e.horizon(now)); ok {
		return step, 0, true
	}
	if now.Sub(p.settled) >= settleEvery || p.planner.Changing() && now.Sub(p.settled) >= time.Second {
		p.settled = now
		if step, ok = p.planner.Settle(minTime(now, p.e.horizon(now))); ok {
			return step, 0, true
		}
	}
	due, some := p.planner.Next()
	if !some {
		return Step{}, idle.duration, false
	}
	if pause = due.Sub(now) - p.e.Ahead; pause <= 0 {
		pause = blocked // by the horizon: the next heartbeat moves it and wakes us
	}
	return Step{}, min(pause, idle.duration), false
}

// commit stores a step. It is not cut short when ctx ends.
func (p *partition) commit(ctx context.Context, step Step) (rest, error) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	step.Cursor.Node, step.Cursor.Partitions = p.e.Node, len(p.e.parts)
	began := p.e.Now()
	fence, err := p.e.pub.Commit(limited, p.number, p.fence, step)
	if err != nil {
		return p.failed(err)
	}
	p.fence = fence
	p.e.monitor.Committed(Committed{
		Partition: p.number, Triggers: len(step.Triggers), Due: step.Cursor.Due, Took: p.e.Now().Sub(began),
	})
	return rest{}, nil
}

// failed takes the planner off its cursor. Whatever went wrong, the truth is
// in the stream: it is read again and planned anew, under a new batch.
func (p *partition) failed(err error) (rest, error) {
	p.mu.Lock()
	p.planner.Release()
	p.mu.Unlock()
	switch {
	case errors.Is(err, ErrFenced):
		return rest{duration: retryAfter, backOff: true}, nil
	case errors.Is(err, ErrNoCursor), errors.Is(err, ErrFull):
		return rest{duration: callTimeout, backOff: true}, err
	default:
		return rest{duration: retryAfter, backOff: true}, err
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
