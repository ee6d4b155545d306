// Package mem holds fakes of the core's ports for tests. They pass the same
// conformance suites as the adapters.
package mem

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// ErrCut is returned by a watch that Cut has ended.
var ErrCut = errors.New("watch was cut")

// Store is a core.JobStore in memory.
type Store struct {
	now func() time.Time

	mu       sync.Mutex
	seq      uint64
	oldest   uint64
	history  map[string][]core.Revision
	beats    map[string]core.Change
	watchers map[chan core.Change]struct{}
	deaf     bool
}

var _ core.JobStore = (*Store)(nil)

// NewStore returns an empty store that stamps what it stores by now.
func NewStore(now func() time.Time) *Store {
	return &Store{
		now: now, history: map[string][]core.Revision{},
		beats: map[string]core.Change{}, watchers: map[chan core.Change]struct{}{},
	}
}

// Put stores a value, raw as an application would.
func (s *Store) Put(key string, value []byte) core.Revision {
	return s.write(func(number uint64, at time.Time) core.Revision {
		return core.NewRevision(key, number, at, value)
	})
}

// Set stores a schedule of the given jobs.
func (s *Store) Set(key string, jobs ...contract.Job) core.Revision {
	return s.PutSchedule(key, contract.Schedule{Jobs: jobs})
}

// PutSchedule stores a schedule.
func (s *Store) PutSchedule(key string, schedule contract.Schedule) core.Revision {
	value, err := contract.Encode(schedule)
	if err != nil {
		panic(err) // a test's own schedule
	}
	return s.Put(key, value)
}

// Delete stores a delete marker.
func (s *Store) Delete(key string) core.Revision {
	return s.write(func(number uint64, at time.Time) core.Revision {
		return core.Revision{Key: key, Number: number, Stored: at, Deleted: true}
	})
}

// Purge removes everything stored so far, without markers, as a purge of the
// bucket's stream does.
func (s *Store) Purge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oldest = s.seq + 1
	clear(s.history)
	clear(s.beats)
}

// Cut ends all watches, as a lost connection does.
func (s *Store) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.watchers {
		close(w)
		delete(s.watchers, w)
	}
}

// SetDeaf makes heartbeats fail (or not, again).
func (s *Store) SetDeaf(deaf bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = deaf
}

func (s *Store) write(revise func(uint64, time.Time) core.Revision) core.Revision {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	r := revise(s.seq, s.now().UTC())
	s.history[r.Key] = append(s.history[r.Key], r)
	s.publish(core.Change{Stored: r.Stored, Revision: &r})
	return r
}

func (s *Store) publish(c core.Change) {
	for w := range s.watchers {
		w <- c
	}
}

// Beat implements core.JobStore.
func (s *Store) Beat(_ context.Context, beat contract.Heartbeat) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf {
		return errors.New("store is out of reach")
	}
	s.seq++
	c := core.Change{Stored: s.now().UTC(), Heartbeat: &beat}
	s.beats[beat.Node] = c
	s.publish(c)
	return nil
}

// Watch implements core.JobStore.
func (s *Store) Watch(ctx context.Context, report func(core.Change)) error {
	updates := make(chan core.Change, 1<<16)
	s.mu.Lock()
	for _, c := range s.beats {
		updates <- c
	}
	for _, revisions := range s.history {
		r := revisions[len(revisions)-1]
		updates <- core.Change{Stored: r.Stored, Revision: &r}
	}
	updates <- core.Change{Synced: true}
	s.watchers[updates] = struct{}{}
	s.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			s.mu.Lock()
			delete(s.watchers, updates)
			s.mu.Unlock()
			return ctx.Err()
		case c, ok := <-updates:
			if !ok {
				return ErrCut
			}
			report(c)
		}
	}
}

// History implements core.JobStore.
func (s *Store) History(_ context.Context, key string) ([]core.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]core.Revision(nil), s.history[key]...), nil
}

// Oldest implements core.JobStore.
func (s *Store) Oldest(context.Context) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.oldest, nil
}
