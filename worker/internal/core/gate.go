package core

import (
	"context"
	"sync"
)

// gate counts the deliveries in the worker's hands and says how many more to
// ask for: at most as many due ones as run and again as many waiting for a
// slot, whatever the number of those that are held because they are not due or
// wait for their target. Held ones have a limit of their own that only bounds
// memory.
//
// The count bounds what is asked for, not what is there: deliveries that are
// held together can become due together.
type gate struct {
	maxActive, maxHeld int
	slots              semaphore

	mu           sync.Mutex
	active, held int
	changed      chan struct{} // closed and replaced by every change that makes room
}

func newGate(concurrency, maxHeld int) *gate {
	return &gate{
		maxActive: 2 * concurrency,
		maxHeld:   maxHeld,
		slots:     make(semaphore, concurrency),
		changed:   make(chan struct{}),
	}
}

// enter counts a delivery in. It is active until it is known to have to wait.
func (g *gate) enter() { g.count(1, 0) }

// leave counts an active delivery out.
func (g *gate) leave() { g.count(-1, 0) }

// park counts an active delivery as held.
func (g *gate) park() { g.count(-1, 1) }

// unpark counts a held delivery as active.
func (g *gate) unpark() { g.count(1, -1) }

func (g *gate) count(active, held int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active += active
	g.held += held
	if active < 0 || held < 0 {
		g.notify()
	}
}

func (g *gate) notify() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// room waits until at least one delivery may be asked for and returns how many
// may. It returns 0 when ctx ends.
func (g *gate) room(ctx context.Context) int {
	for {
		g.mu.Lock()
		n, changed := min(g.maxActive-g.active, g.maxHeld-g.held), g.changed
		g.mu.Unlock()
		if ctx.Err() != nil {
			return 0
		}
		if n > 0 {
			return n
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// acquire waits for a slot. It returns false when ctx ends.
func (g *gate) acquire(ctx context.Context) bool { return g.slots.acquire(ctx) }

func (g *gate) release() { g.slots.release() }

// semaphore has as many places as its capacity, first come first served.
type semaphore chan struct{}

// acquire waits for a place. It returns false when ctx ends.
func (s semaphore) acquire(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s semaphore) release() { <-s }
