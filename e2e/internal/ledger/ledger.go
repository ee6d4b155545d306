// Package ledger decides whether every occurrence of a set of schedules was
// published, called and recorded exactly once.
//
// It computes the expected occurrences apart from the engine, from nothing but
// the server's timestamps of what was stored: a job "@every d" that was stored
// at S occurs at S+d, S+2d, … An observation that belongs to none of these is
// a finding, and so is a gap: when the k-th occurrence of a key was seen in any
// book, the k-1 before it must be complete.
package ledger

import (
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// beyond is how many occurrences after the last one asked for are known by
// their IDs.
const beyond = 2000

// Ledger holds what was stored and what was seen of one namespace whose
// schedules have one "@every" job each. Its methods are safe for concurrent
// use.
type Ledger struct {
	namespace string
	every     time.Duration

	mu     sync.Mutex
	keys   map[string]*account
	byID   map[string]occurrence
	others []string // findings that belong to no occurrence
}

// account is what was seen of one key; occurrences count from 1.
type account struct {
	stored time.Time
	seen   map[int]*entry
}

// occurrence is the n-th of a key.
type occurrence struct {
	key string
	n   int
}

// entry is what was seen of one occurrence.
type entry struct {
	published int
	called    int
	finals    []contract.Result
}

// New makes a ledger of a namespace whose jobs are all "@every every".
func New(namespace string, every time.Duration) *Ledger {
	return &Ledger{
		namespace: namespace,
		every:     every,
		keys:      map[string]*account{},
		byID:      map[string]occurrence{},
	}
}

// Stored says when a key was stored, by the server's timestamp of its first
// revision. Observations of its occurrences may come before and are kept only
// from here on, so make it known before it can fire: within
// contract.EffectDelay.
func (l *Ledger) Stored(key string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys[key] = &account{stored: at, seen: map[int]*entry{}}
	for n := 1; n <= beyond; n++ {
		l.byID[contract.OccurrenceID(l.namespace, key, 0, l.nominal(at, n))] = occurrence{key, n}
	}
}

func (l *Ledger) nominal(stored time.Time, n int) time.Time {
	return stored.Add(time.Duration(n) * l.every)
}

// Published says that a trigger was stored.
func (l *Ledger) Published(t contract.Trigger) {
	l.observe("trigger", t.ID, func(e *entry) { e.published++ })
}

// Called says that the callback with this webhook-id arrived.
func (l *Ledger) Called(id string) {
	l.observe("callback", id, func(e *entry) { e.called++ })
}

// Recorded says what the log stream holds. Attempts are not counted: a
// callback that was tried again has several.
func (l *Ledger) Recorded(r contract.Result) {
	switch r.Kind {
	case contract.KindFinal:
		l.observe("final record", r.ID, func(e *entry) { e.finals = append(e.finals, r) })
	case contract.KindAttempt:
		l.observe("attempt", r.ID, func(*entry) {})
	default:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.others = append(l.others, "record of kind "+r.Kind+" for "+r.Key+": "+r.Reason)
	}
}

// observe changes the entry of an occurrence.
func (l *Ledger) observe(what, id string, change func(*entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, ok := l.byID[id]
	if !ok {
		l.others = append(l.others, what+" with an ID that no occurrence has: "+id)
		return
	}
	a := l.keys[o.key]
	if a.seen[o.n] == nil {
		a.seen[o.n] = &entry{}
	}
	change(a.seen[o.n])
}

// Complete reports how many of the first n occurrences of every key have a
// final record, and how many there are.
func (l *Ledger) Complete(n int) (done, want int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.keys {
		for i := 1; i <= n; i++ {
			if e := a.seen[i]; e != nil && len(e.finals) > 0 {
				done++
			}
		}
	}
	return done, n * len(l.keys)
}
