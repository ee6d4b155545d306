package targets

import (
	"container/list"
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

const (
	maxWait    = 2 * time.Second       // in the room
	maxRoom    = 16_384                // calls in the room of one target
	checkEvery = 50 * time.Millisecond // how often a room is looked after
	minCheck   = time.Millisecond
)

// target is the state of one. It is guarded by the mutex of its Targets.
type target struct {
	name        string
	concurrency int
	slots       *slots        // of all targets
	limiter     *rate.Limiter // nil: no limit
	breaker     breaker
	pace        pace
	running     list.List // of *place, the oldest first
	waiting     list.List // of *waiter, the first first

	armed time.Time // when timer will look after the room; zero: it will not
	timer *time.Timer
	check func()

	used    time.Time     // when it began to rest
	resting *list.Element // in the idle ones; nil: it has calls
	random  core.Random
	booked  time.Time // the latest time that was given to a refused call
}

// place is a call that has been admitted.
type place struct {
	target  *target
	element *list.Element // in running; nil: the call has ended
	since   time.Time
	report  func(error) // to the breaker; nil: it does not want to know
}

// waiter is a call that asks to be admitted. Its place or again is set before
// ready is closed.
type waiter struct {
	target  *target
	element *list.Element // in waiting; nil: it does not wait
	since   time.Time
	ready   chan struct{} // nil: it never had to wait
	place   *place
	again   time.Duration
}

func newTarget(name string, t *Targets) *target {
	g := &target{name: name, concurrency: t.config.Concurrency, slots: &t.slots, random: t.random}
	if r := t.config.Rate; r > 0 {
		g.limiter = rate.NewLimiter(rate.Limit(r), int(max(math.Ceil(r), 1)))
	}
	g.breaker.init(!t.config.NoBreaker, func(open bool) {
		g.pace = pace{} // what held while it failed holds no more
		t.changes = append(t.changes, Change{Target: name, Open: open})
	})
	g.check = func() { t.check(g) }
	return g
}

// full: it has as many calls as it may.
func (g *target) full() bool {
	running := g.running.Len()
	return running >= g.concurrency || !g.slots.allow(running)
}

func (g *target) unused() bool { return g.running.Len() == 0 && g.waiting.Len() == 0 }

// enter decides about a call that has just come.
func (g *target) enter(w *waiter, now time.Time) {
	if rest := g.breaker.barred(now); rest > 0 {
		w.again = g.again(now, rest, barredGap)
		return
	}
	if g.waiting.Len() == 0 {
		if w.place = g.admit(now); w.place != nil {
			return
		}
	}
	if g.waiting.Len() >= g.room(now) {
		w.again = g.later(now)
		return
	}
	w.since, w.ready = now, make(chan struct{})
	w.element = g.waiting.PushBack(w)
}

// admit gives a place to a call that the breaker does not bar. Nil: none is
// free, or no token is there.
func (g *target) admit(now time.Time) *place {
	if g.full() || g.limiter != nil && !g.limiter.AllowN(now, 1) {
		return nil
	}
	p := &place{target: g, since: now}
	g.breaker.admit(p)
	g.slots.taken++
	p.element = g.running.PushBack(p)
	return p
}

// leave ends a call, once, and lets others in.
func (g *target) leave(p *place, a core.Answer, now time.Time) {
	if p.element == nil {
		return
	}
	g.running.Remove(p.element)
	p.element = nil
	g.slots.taken--
	if a.Class != contract.ErrorStopped {
		g.pace.ended(now.Sub(p.since))
	}
	g.breaker.ended(p, a, now)
	g.serve(now)
}

// serve admits those who wait, in their order, or refuses them all.
func (g *target) serve(now time.Time) {
	for e := g.waiting.Front(); e != nil; e = g.waiting.Front() {
		w, _ := e.Value.(*waiter)
		if rest := g.breaker.barred(now); rest > 0 {
			g.refuse(w, g.again(now, rest, barredGap))
			continue
		}
		if w.place = g.admit(now); w.place == nil {
			return
		}
		g.remove(w)
		close(w.ready)
	}
}

// thin refuses those who have waited too long and those for whom the room has
// become too small.
func (g *target) thin(now time.Time) {
	for e := g.waiting.Front(); e != nil; e = g.waiting.Front() {
		w, _ := e.Value.(*waiter)
		if now.Sub(w.since) < maxWait {
			break
		}
		g.refuse(w, g.later(now))
	}
	room := g.room(now)
	if g.waiting.Len() <= room {
		return
	}
	e := g.waiting.Front()
	for range room {
		e = e.Next()
	}
	for e != nil { // in their order, so that they come back in it
		w, _ := e.Value.(*waiter)
		e = e.Next()
		g.refuse(w, g.later(now))
	}
}

func (g *target) refuse(w *waiter, again time.Duration) {
	g.remove(w)
	w.again = again
	close(w.ready)
}

func (g *target) remove(w *waiter) {
	g.waiting.Remove(w.element)
	w.element = nil
}

// arm has the room looked after while calls wait: often enough for the
// estimate, and when the next token is there.
func (g *target) arm(now time.Time) {
	if g.waiting.Len() == 0 {
		return
	}
	in := checkEvery
	if g.limiter != nil && !g.full() {
		in = min(max(g.tokens(1, now), minCheck), in)
	}
	at := now.Add(in)
	switch {
	case g.timer == nil:
		g.timer = time.AfterFunc(in, g.check)
	case g.armed.IsZero() || at.Before(g.armed):
		g.timer.Reset(in)
	default:
		return
	}
	g.armed = at
}
