package targets

import (
	"cmp"
	"container/list"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// DefaultConcurrency is how many calls a target gets at once by default.
const DefaultConcurrency = 32

const (
	idleFor = 10 * time.Minute
	maxIdle = 10_000
	maxName = 256 // bytes of a name that count; no host that exists has more
)

// Config says what each target may have.
type Config struct {
	Concurrency int     // calls at once; 0: DefaultConcurrency
	Rate        float64 // calls a second, in bursts of a second's at most; 0: no limit
	Slots       int     // calls at once that all targets share; 0: no limit
	NoBreaker   bool    // calls are never put off because others failed; Retry-After holds

	// OnChange is told when the breaker of a target opens or closes, not when
	// the probe of an open one fails. It must return soon. Nil: nobody is told.
	OnChange func(Change)
}

// Change is what has become of a target's breaker.
type Change struct {
	Target string
	Open   bool // calls are put off
}

// Targets is core.Targets. It starts no goroutine and needs no end; timers run
// while calls wait.
type Targets struct {
	config Config
	random core.Random

	mu      sync.Mutex // guards all that follows, and every target
	slots   slots
	known   map[string]*target
	idle    *list.List // of *target without calls, the least recently used first
	changes []Change   // to be told once mu is free
}

// New makes targets that are all untouched.
func New(config Config, random core.Random) *Targets {
	config.Concurrency = cmp.Or(config.Concurrency, DefaultConcurrency)
	return &Targets{config: config, random: random, slots: slots{all: config.Slots}, known: map[string]*target{}, idle: list.New()}
}

// Enter implements core.Targets. It may take up to maxWait, and done may be
// called again without harm.
func (t *Targets) Enter(ctx context.Context, name string) (done func(core.Answer), again time.Duration) {
	if ctx.Err() != nil {
		return nil, 0
	}
	if name == "" {
		return func(core.Answer) {}, 0
	}
	w := t.ask(name)
	if w.ready != nil {
		select {
		case <-w.ready:
		case <-ctx.Done():
			t.abandon(w)
			return nil, 0
		}
	}
	if w.place == nil {
		return nil, w.again
	}
	return func(a core.Answer) { t.leave(w.place, a) }, 0
}

// ask has a call admitted or refused, or puts it into the room.
func (t *Targets) ask(name string) *waiter {
	t.mu.Lock()
	defer t.unlock()
	now := time.Now()
	g := t.find(name, now)
	w := &waiter{target: g}
	g.enter(w, now)
	t.settle(g, now)
	return w
}

// leave ends a call.
func (t *Targets) leave(p *place, a core.Answer) {
	t.mu.Lock()
	defer t.unlock()
	now := time.Now()
	p.target.leave(p, a, now)
	t.settle(p.target, now)
}

// abandon takes back what a call has asked for that is not wanted any more.
func (t *Targets) abandon(w *waiter) {
	t.mu.Lock()
	defer t.unlock()
	now := time.Now()
	switch {
	case w.place != nil:
		w.target.leave(w.place, core.Answer{Class: contract.ErrorStopped}, now)
	case w.element != nil:
		w.target.remove(w)
	}
	t.settle(w.target, now)
}

// check looks after a target whose calls wait.
func (t *Targets) check(g *target) {
	t.mu.Lock()
	defer t.unlock()
	now := time.Now()
	g.armed = time.Time{}
	g.serve(now)
	g.thin(now)
	t.settle(g, now)
}

// unlock frees mu and then tells what has changed.
func (t *Targets) unlock() {
	changes := t.changes
	t.changes = nil
	t.mu.Unlock()
	for _, change := range changes {
		if t.config.OnChange != nil {
			t.config.OnChange(change)
		}
	}
}

// find returns the target of that name and takes it off the idle ones.
func (t *Targets) find(name string, now time.Time) *target {
	if len(name) > maxName {
		name = strings.Clone(name[:maxName]) // the rest must not be kept
	}
	t.forget(now)
	g := t.known[name]
	if g == nil {
		g = newTarget(name, t)
		t.known[name] = g
	}
	if g.resting != nil {
		t.idle.Remove(g.resting)
		g.resting = nil
	}
	return g
}

// settle follows every change of a target.
func (t *Targets) settle(g *target, now time.Time) {
	g.arm(now)
	if g.resting == nil && g.unused() {
		g.used = now
		g.resting = t.idle.PushBack(g)
	}
}

// forget drops targets that have rested too long or are too many.
func (t *Targets) forget(now time.Time) {
	for e := t.idle.Front(); e != nil; e = t.idle.Front() {
		g, _ := e.Value.(*target)
		if t.idle.Len() <= maxIdle && now.Sub(g.used) < idleFor {
			return
		}
		t.idle.Remove(e)
		delete(t.known, g.name)
	}
}
