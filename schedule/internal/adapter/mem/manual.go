package mem

import (
	"context"
	"sync"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

var _ core.Schedules = (*Store)(nil)

// Latest implements core.Schedules.
func (s *Store) Latest(_ context.Context, key string) (core.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	revisions := s.history[key]
	if len(revisions) == 0 || contract.CheckKey(key) != nil {
		return core.Revision{}, core.ErrNoSchedule
	}
	return revisions[len(revisions)-1].Revision(), nil
}

// window is how long a Sender remembers IDs.
const window = 2 * time.Minute

// Sender is a core.Sender in memory.
type Sender struct {
	now func() time.Time

	mu      sync.Mutex
	waiting []sent
	ids     map[string]time.Time
	fail    func(contract.Trigger) (before, after error)
}

type sent struct {
	trigger contract.Trigger
	at      time.Time
}

var _ core.Sender = (*Sender)(nil)

// NewSender returns a sender with an empty queue.
func NewSender(now func() time.Time) *Sender {
	return &Sender{now: now, ids: map[string]time.Time{}}
}

// OnSend has f asked before each trigger from now on. What it returns becomes the
// outcome: before is returned without storing anything, after once it is stored.
func (s *Sender) OnSend(f func(contract.Trigger) (before, after error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// Take removes and returns what is in the queue, as workers do.
func (s *Sender) Take() []contract.Trigger {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := []contract.Trigger{}
	for _, w := range s.waiting {
		taken = append(taken, w.trigger)
	}
	s.waiting = nil
	return taken
}

// Send implements core.Sender.
func (s *Sender) Send(_ context.Context, t contract.Trigger) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var after error
	if s.fail != nil {
		before, late := s.fail(t)
		if before != nil {
			return before
		}
		after = late
	}
	now := s.now()
	if at, ok := s.ids[t.ID]; !ok || now.Sub(at) > window {
		s.ids[t.ID] = now
		t.V = contract.Version
		s.waiting = append(s.waiting, sent{t, now})
	}
	return after
}

// Waiting implements core.Sender.
func (s *Sender) Waiting(_ context.Context, t contract.Trigger, since time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.waiting {
		if w.trigger.ID == t.ID && w.trigger.Key == t.Key && w.trigger.Mode == t.Mode && !w.at.Before(since) {
			return true, nil
		}
	}
	return false, nil
}

// Letters is core.Letters in memory.
type Letters struct {
	now func() time.Time

	mu     sync.Mutex
	all    []core.Letter
	last   uint64
	refuse error
}

var _ core.Letters = (*Letters)(nil)

// NewLetters returns no letters.
func NewLetters(now func() time.Time) *Letters { return &Letters{now: now} }

// Put stores a letter, raw as a worker does.
func (l *Letters) Put(key string, data []byte) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	letter := core.Letter{Sequence: l.last, Stored: l.now().UTC(), Key: key}
	letter.Dead, letter.Bad = contract.Decode[contract.Dead](data)
	l.all = append(l.all, letter)
	return l.last
}

// Refuse makes letters stay when they are to be removed (nil: not any more).
func (l *Letters) Refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = err
}

// Next implements core.Letters.
func (l *Letters) Next(_ context.Context, key string, sequence uint64) (core.Letter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, letter := range l.all {
		if letter.Sequence >= sequence && (key == "" || letter.Key == key) {
			return letter, nil
		}
	}
	return core.Letter{}, core.ErrNoLetter
}

// Last implements core.Letters.
func (l *Letters) Last(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, nil
}

// Remove implements core.Letters.
func (l *Letters) Remove(_ context.Context, sequence uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != nil {
		return l.refuse
	}
	for i, letter := range l.all {
		if letter.Sequence == sequence {
			l.all = append(l.all[:i:i], l.all[i+1:]...)
			return nil
		}
	}
	return nil
}
