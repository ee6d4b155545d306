package natsresult

import (
	"container/list"
	"context"
	"sync"
	"time"
)

const (
	maxIdle  = time.Minute // for which a history that is not used is kept
	maxKnown = 50_000      // occurrences in all histories, about 10 MB
)

// histories are those that were used last. The zero value is ready.
type histories struct {
	mu        sync.Mutex
	bySubject map[string]*history
	order     list.List // of *history, the one that was used last in front
	known     int       // occurrences in them, as they were counted last
}

// entry is a history's place among them, guarded by their mutex.
type entry struct {
	place *list.Element
	used  time.Time
	size  int // occurrences, when they were counted last
}

// use returns the history of a subject, to be given back by done.
func (s *histories) use(subject string) *history {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.bySubject[subject]
	if h == nil {
		h = &history{subject: subject}
		if s.bySubject == nil {
			s.bySubject = map[string]*history{}
		}
		s.bySubject[subject] = h
		h.kept.place = s.order.PushFront(h)
	}
	h.kept.used = time.Now()
	s.order.MoveToFront(h.kept.place)
	return h
}

// done counts a history anew and drops those that have not been used for long,
// and as many more as are too much.
func (s *histories) done(h *history, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bySubject[h.subject] == h {
		s.known += size - h.kept.size
		h.kept.size = size
	}
	for oldest := s.order.Back(); oldest != nil; oldest = s.order.Back() {
		h := oldest.Value.(*history) //nolint:forcetypeassert // it holds nothing else
		if s.known <= maxKnown && time.Since(h.kept.used) <= maxIdle {
			return
		}
		s.order.Remove(oldest)
		delete(s.bySubject, h.subject)
		s.known -= h.kept.size
	}
}

// forget drops all of them.
func (s *histories) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bySubject, s.known = nil, 0
	s.order.Init()
}

// find looks an occurrence up in the history of its subject.
func (s *histories) find(ctx context.Context, l *Log, subject, occurrence string, since time.Time, last uint64) (found, error) {
	h := s.use(subject)
	f, size, err := h.find(ctx, l, occurrence, since, last)
	s.done(h, size)
	return f, err
}
