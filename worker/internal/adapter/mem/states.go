package mem

import (
	"context"
	"sync"
	"time"

	"github.com/weplanx/workflow/worker/internal/core"
)

// States is core.States in memory.
type States struct {
	mu       sync.Mutex
	revision uint64
	states   map[string]expiring
	refuse   error
}

type expiring struct {
	core.State
	ends time.Time // zero: never
}

// NewStates has none.
func NewStates() *States { return &States{states: map[string]expiring{}} }

// Refuse has every call fail with err, until it is called with nil.
func (s *States) Refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

// Len is the number of states.
func (s *States) Len() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.states {
		if s.get(name).Revision > 0 {
			n++
		}
	}
	return n
}

// Load implements core.States.
func (s *States) Load(ctx context.Context, name string) (core.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refused(ctx); err != nil {
		return core.State{}, err
	}
	return s.get(name), nil
}

// Store implements core.States.
func (s *States) Store(ctx context.Context, name string, data []byte, revision uint64, ttl time.Duration) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refused(ctx); err != nil {
		return 0, err
	}
	if s.get(name).Revision != revision {
		return 0, core.ErrConflict
	}
	s.revision++
	state := expiring{State: core.State{Data: append([]byte(nil), data...), Revision: s.revision}}
	if ttl > 0 {
		state.ends = time.Now().Add(ttl)
	}
	s.states[name] = state
	return s.revision, nil
}

// Delete implements core.States.
func (s *States) Delete(ctx context.Context, name string, revision uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refused(ctx); err != nil {
		return err
	}
	if s.get(name).Revision != revision {
		return core.ErrConflict
	}
	delete(s.states, name)
	return nil
}

func (s *States) get(name string) core.State {
	state := s.states[name]
	if !state.ends.IsZero() && !time.Now().Before(state.ends) {
		return core.State{}
	}
	return state.State
}

func (s *States) refused(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return s.refuse
}
