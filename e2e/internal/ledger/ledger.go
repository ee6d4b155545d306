// Package ledger decides whether every occurrence of a set of schedules was
// published, called and recorded exactly once.
//
// It computes the expected occurrences apart from the engine, from nothing but
// the server's timestamps of what was stored: a job "@every d" that was stored
// at S occurs at S+d, S+2d, …, one of a cron spec at the multiples of d after S,
// and, removed at R, for as long as these are due before
// R + contract.EffectDelay. An observation that belongs to none of these is
// a finding, and so is a gap: when the k-th occurrence of a key was seen in any
// book, the k-1 before it must be complete.
package ledger

import (
	"fmt"
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// beyond is how many occurrences after the last one asked for are known by
// their IDs.
const beyond = 2000

// Times are the nominal times of a job: Every apart, counted from when it was
// stored or, if Whole, from the beginning of time, as those of a cron spec that
// names every so many seconds.
type Times struct {
	Every time.Duration
	Whole bool
}

// Ledger holds what was stored and what was seen of one namespace whose
// schedules have one job each. Its methods are safe for concurrent use.
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
	anchor time.Time // its occurrences are every, twice every, … after it
	every  time.Duration
	last   int // known once the key was removed; before, 0
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
	called    []time.Time // when each call arrived
	finals    []contract.Result
	missed    []time.Time // when each record that covers it was stored
}

// ended: nothing more is to be waited for.
func (e *entry) ended() bool { return e != nil && len(e.finals)+len(e.missed) > 0 }

// New makes a ledger of a namespace whose jobs are all "@every every", unless
// StoredAs says otherwise.
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
func (l *Ledger) Stored(key string, at time.Time) { l.StoredAs(key, at, Times{Every: l.every}) }

// StoredAs is Stored for a job with other nominal times.
func (l *Ledger) StoredAs(key string, at time.Time, times Times) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &account{stored: at, anchor: at, every: times.Every, seen: map[int]*entry{}}
	if times.Whole {
		a.anchor = at.Truncate(times.Every)
	}
	l.keys[key] = a
	for n := 1; n <= beyond; n++ {
		l.byID[contract.OccurrenceID(l.namespace, key, 0, a.nominal(n))] = occurrence{key, n}
	}
}

// Removed says when a key was removed, by the server's timestamp. From here on
// its last occurrence is known.
func (l *Ledger) Removed(key string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.keys[key]
	// Due is the nominal time, but not before the schedule takes effect.
	effect := at.Add(contract.EffectDelay)
	if !a.stored.Add(contract.EffectDelay).Before(effect) {
		return
	}
	a.last = int((effect.Sub(a.anchor) - 1) / a.every)
}

// Due is when the n-th occurrence of a key is due, n from 1: at its nominal time,
// but not before the schedule takes effect.
func (l *Ledger) Due(key string, n int) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.keys[key]
	if effect := a.stored.Add(contract.EffectDelay); a.nominal(n).Before(effect) {
		return effect
	}
	return a.nominal(n)
}

func (a *account) nominal(n int) time.Time { return a.anchor.Add(time.Duration(n) * a.every) }

// Published says that a trigger was stored.
func (l *Ledger) Published(t contract.Trigger) {
	l.observe("trigger", t.ID, func(e *entry) { e.published++ })
}

// Called says that the callback with this webhook-id arrived.
func (l *Ledger) Called(id string, at time.Time) {
	l.observe("callback", id, func(e *entry) { e.called = append(e.called, at) })
}

// Recorded says what the log stream holds, and by the server's timestamp since
// when. Attempts are not counted: a callback that was tried again has several.
func (l *Ledger) Recorded(r contract.Result, at time.Time) {
	switch r.Kind {
	case contract.KindFinal:
		l.observe("final record", r.ID, func(e *entry) { e.finals = append(e.finals, r) })
	case contract.KindAttempt:
		l.observe("attempt", r.ID, func(*entry) {})
	case contract.KindMissed:
		l.missed(r, at)
	default:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.others = append(l.others, "record of kind "+r.Kind+" for "+r.Key+": "+r.Reason)
	}
}

// missed enters a record about a range of occurrences, which must be exactly the
// nominal times that are in it.
func (l *Ledger) missed(r contract.Result, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, count := l.keys[r.Key], int64(0)
	for n := 1; a != nil && n <= beyond; n++ {
		if nominal := a.nominal(n); !nominal.Before(r.From) && !nominal.After(r.To) {
			e := a.entry(n)
			e.missed = append(e.missed, at)
			count++
		}
	}
	if count != r.Count || count == 0 {
		l.others = append(l.others, fmt.Sprintf("record of kind %s for %s counts %d, want %d: %s", r.Kind, r.Key, r.Count, count, r.Reason))
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
	change(l.keys[o.key].entry(o.n))
}

func (a *account) entry(n int) *entry {
	if a.seen[n] == nil {
		a.seen[n] = &entry{}
	}
	return a.seen[n]
}
