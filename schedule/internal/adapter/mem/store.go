// Package mem holds fakes of the core's ports for tests. They pass the same
// conformance suites as the adapters.
package mem

import (
	"cmp"
	"context"
	"errors"
	"slices"
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
	history  map[string][]core.Entry
	beats    map[string]core.Change
	watchers map[chan core.Change]struct{}
	deaf     bool
}

var _ core.JobStore = (*Store)(nil)

// NewStore returns an empty store that stamps what it stores by now.
func NewStore(now func() time.Time) *Store {
	return &Store{
		now: now, history: map[string][]core.Entry{},
		beats: map[string]core.Change{}, watchers: map[chan core.Change]struct{}{},
	}
}

// Put stores a value, raw as an application would.
func (s *Store) Put(key string, value []byte) core.Revision {
	return s.write(core.Entry{Key: key, Value: value})
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
	return s.write(core.Entry{Key: key, Deleted: true})
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

func (s *Store) write(e core.Entry) core.Revision {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	e.Number, e.Stored = s.seq, s.now().UTC()
	s.history[e.Key] = append(s.history[e.Key], e)
	r := e.Revision()
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
	for _, entries := range s.history {
		r := entries[len(entries)-1].Revision()
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
func (s *Store) History(ctx context.Context, key string, until uint64, report func(core.Entry)) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if key != "" && contract.CheckKey(key) != nil {
		return core.ErrVanished
	}
	last, entries := s.entries(key)
	for _, e := range entries {
		report(e)
	}
	if last < until {
		return core.ErrVanished
	}
	return nil
}

// entries returns the history of a key, or of all, in the order of writing, and
// the last number that it reaches.
func (s *Store) entries(key string) (last uint64, entries []core.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, stored := range s.history {
		if key == "" || k == key {
			entries = append(entries, stored...)
		}
	}
	slices.SortFunc(entries, func(a, b core.Entry) int { return cmp.Compare(a.Number, b.Number) })
	if key == "" {
		return s.seq, entries // heartbeats count
	}
	if len(entries) > 0 {
		last = entries[len(entries)-1].Number
	}
	return last, entries
}

// Extent implements core.JobStore.
func (s *Store) Extent(context.Context) (oldest, count uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count = uint64(len(s.beats))
	for _, entries := range s.history {
		count += uint64(len(entries))
	}
	return s.oldest, count, nil
}
