package targets

import (
	"cmp"
	"slices"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Breaker states.
const (
	Closed   = "closed"
	Open     = "open"
	HalfOpen = "half-open"
)

// Snapshot is the state of all targets at one time.
type Snapshot struct {
	Known   int      // targets that are remembered
	Targets []Target // those with calls, and those that do not take any, by name
}

// Target is the state of one.
type Target struct {
	Name    string
	Breaker string // Closed, Open or HalfOpen
	Running int
	Waiting int
	Paused  time.Duration // for how long the target wants no calls, by its Retry-After; 0: it does
}

// Snapshot returns the state. It looks at every target that is known.
func (t *Targets) Snapshot() Snapshot {
	t.mu.Lock()
	defer t.unlock()
	now := time.Now()
	t.forget(now)
	s := Snapshot{Known: len(t.known)}
	for _, g := range t.known {
		state := Target{
			Name: g.name, Breaker: g.breaker.circuit.State().String(),
			Running: g.running.Len(), Waiting: g.waiting.Len(), Paused: max(g.breaker.paused.Sub(now), 0),
		}
		if !g.unused() || state.Breaker != Closed || state.Paused > 0 {
			s.Targets = append(s.Targets, state)
		}
	}
	slices.SortFunc(s.Targets, func(a, b Target) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

// Totals are the state of all targets in numbers.
type Totals struct {
	Known   int // targets that are remembered
	Barred  int // of those, how many fail: their breaker is open or half-open
	Running int // calls
	Waiting int // calls, for a place
}

// Totals returns the numbers. It looks at every target that is known, and makes
// nothing of them.
func (t *Targets) Totals() Totals {
	t.mu.Lock()
	defer t.unlock()
	t.forget(time.Now())
	totals := Totals{Known: len(t.known)}
	for _, g := range t.known {
		totals.Running += g.running.Len()
		totals.Waiting += g.waiting.Len()
		if g.breaker.circuit.State() != gobreaker.StateClosed {
			totals.Barred++
		}
	}
	return totals
}
