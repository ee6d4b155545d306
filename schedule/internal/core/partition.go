package core

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// partition publishes one share of the keys while this node owns it.
type partition struct {
	e      *Engine
	number int
	waking chan struct{} // holds one wake-up

	// waiting is since when something that is due may have waited, because the
	// partition cannot go on; 0: it can. Only the run loop changes it.
	waiting atomic.Int64

	mu      sync.Mutex
	planner *Planner
	owned   bool
	synced  bool
	round   int              // how often the watch was begun
	awaited *contract.Cursor // at which histories are wanted; nil: none are
	trouble error            // of the last turn

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

// state returns how many schedules the partition holds, and, if this node
// publishes for it, up to which due time everything is published. That is where
// its cursor stands or, while nothing is due, now.
func (p *partition) state() (schedules int, due time.Time, owned bool) {
	now := p.e.Now()
	now = minTime(now, p.e.horizon(now))
	p.mu.Lock()
	defer p.mu.Unlock()
	due = p.planner.At()
	if next, some := p.planner.Next(); (!some || next.After(now)) && now.After(due) {
		due = now
	}
	return p.planner.Live(), due, p.owned && p.planner.Positioned()
}

// stands reports whether the planner stands at a cursor.
func (p *partition) stands() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.planner.Positioned()
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
	return p.planner.HoldsBefore(number)
}

// unsync stops the partition until the schedules are known again. What was
// known may have gaps now, so histories are read again before it goes on.
func (p *partition) unsync() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.synced, p.round = false, p.round+1
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
