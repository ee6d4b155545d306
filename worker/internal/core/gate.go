package core

import (
	"context"
	"sync"
	"time"
)

// What a gate lets wait.
const (
	aheadFor   = 50 * time.Millisecond  // as much as begins in that time
	paceEvery  = 100 * time.Millisecond // how often that is estimated
	mostAhead  = 4                      // times the slots
	mostAtDoor = 4                      // times the slots, or leastRoom: wait for their target
	mostStored = 4                      // times the slots: are being recorded
	leastRoom  = 512                    // of those that wait for their target
)

// gate counts the deliveries in the worker's hands and says how many more to
// ask for: at most as many due ones as run and, waiting for a slot, again as many,
// or as many as begin within aheadFor where calls are short, because deliveries
// take time to come. Others do not count, but have limits of their own. Of those that
// are held because they are not due it only bounds memory. Of those that wait for their
// target it is wide enough for targets that hang, where few wait because more are
// refused, and keeps a fast one from getting more than it can take soon, which would be
// refused, too, and come back late. Of those whose call has been made and is being
// recorded it bounds the calls that may have to be repeated when the log is away.
//
// The count bounds what is asked for, not what is there: deliveries that are
// held together can become due together.
type gate struct {
	concurrency, maxHeld int
	slots                semaphore

	mu      sync.Mutex
	count   tally
	ahead   int           // how many may wait for a slot
	made    int           // calls since then
	since   time.Time     // when ahead was estimated
	changed chan struct{} // closed when there is room; nil: nobody waits for it
}

// tally is how many deliveries are in which state.
type tally struct{ active, held, atDoor, recorded int }

func (t tally) plus(by tally) tally {
	return tally{t.active + by.active, t.held + by.held, t.atDoor + by.atDoor, t.recorded + by.recorded}
}

func newGate(concurrency, maxHeld int) *gate {
	return &gate{concurrency: concurrency, maxHeld: maxHeld, ahead: concurrency, slots: make(semaphore, concurrency)}
}

// enter counts a delivery in. It is active until it is known to have to wait.
func (g *gate) enter() { g.change(tally{active: 1}) }

// leave counts a delivery out that is being recorded, or else is active.
func (g *gate) leave(recorded bool) {
	if recorded {
		g.change(tally{recorded: -1})
		return
	}
	g.change(tally{active: -1})
}

// park counts an active delivery as held.
func (g *gate) park() { g.change(tally{active: -1, held: 1}) }

// unpark counts a held delivery as active.
func (g *gate) unpark() { g.change(tally{active: 1, held: -1}) }

// queue counts an active delivery as waiting for its target.
func (g *gate) queue() { g.change(tally{active: -1, atDoor: 1}) }

// unqueue counts one that has waited for its target as active.
func (g *gate) unqueue() { g.change(tally{active: 1, atDoor: -1}) }

// record counts an active delivery as being recorded.
func (g *gate) record() { g.change(tally{active: -1, recorded: 1}) }

func (g *gate) change(by tally) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count = g.count.plus(by)
	g.made += max(by.recorded, 0)
	if g.changed != nil && g.free() >= g.least() {
		close(g.changed)
		g.changed = nil
	}
}

// free is how many deliveries may be asked for. Called with mu held.
func (g *gate) free() int {
	if g.count.recorded >= mostStored*g.concurrency || g.count.atDoor >= max(mostAtDoor*g.concurrency, leastRoom) {
		return 0
	}
	return min(g.concurrency+g.ahead-g.count.active, g.maxHeld-g.count.held-g.count.atDoor)
}

// least is how many are asked for at least, because each request has its price.
// With less room than that half of those that may wait do so. Called with mu held.
func (g *gate) least() int { return max(min(g.ahead/2, g.maxHeld), 1) }

// estimate looks how fast calls are made. Called with mu held.
func (g *gate) estimate(now time.Time) {
	passed := now.Sub(g.since)
	if passed < paceEvery {
		return
	}
	begin := int(time.Duration(g.made) * aheadFor / passed)
	g.ahead = min(max(begin, g.concurrency), mostAhead*g.concurrency)
	g.made, g.since = 0, now
}

// room waits until there is room for as many deliveries as it is worth asking for,
// and returns for how many there is. It returns 0 when ctx ends. It must not be called
// concurrently.
func (g *gate) room(ctx context.Context, clock Clock) int {
	for ctx.Err() == nil {
		g.mu.Lock()
		g.estimate(clock.Now())
		n, least := g.free(), g.least()
		if n < least && g.changed == nil {
			g.changed = make(chan struct{})
		}
		changed := g.changed
		g.mu.Unlock()
		if n >= least {
			return n
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return 0
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
