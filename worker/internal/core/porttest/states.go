package porttest

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/core"
)

// RunStates runs the suite of core.States.
func RunStates(t *testing.T, fresh func(t *testing.T) core.States) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, states){
		"keeps a state":                      keepsStates,
		"keeps states apart":                 keepsApart,
		"refuses another revision":           refusesRevisions,
		"lets one of many change a revision": letsOneWin,
		"deletes a state":                    deletesStates,
		"lets a state expire":                expires,
		"prolongs a state":                   prolongs,
		"keeps a state for good":             keepsForGood,
		"ends with its context":              endsWithContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, states{fresh(t)})
		})
	}
}

type states struct{ core.States }

func (s states) store(t *testing.T, name, data string, revision uint64, ttl time.Duration) uint64 {
	t.Helper()
	got, err := s.Store(t.Context(), name, []byte(data), revision, ttl)
	if err != nil || got == 0 {
		t.Fatalf("store %s at revision %d: got revision %d, %v", name, revision, got, err)
	}
	return got
}

func (s states) load(t *testing.T, name string) core.State {
	t.Helper()
	state, err := s.Load(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// want wants that data; empty: none.
func (s states) want(t *testing.T, name, data string) core.State {
	t.Helper()
	state := s.load(t, name)
	if string(state.Data) != data {
		t.Errorf("%s: got %q, want %q", name, state.Data, data)
	}
	return state
}

func keepsStates(t *testing.T, s states) {
	if state := s.want(t, "a", ""); state.Revision != 0 {
		t.Errorf("got revision %d of nothing", state.Revision)
	}
	first := s.store(t, "a", "1", 0, time.Minute)
	if state := s.want(t, "a", "1"); state.Revision != first {
		t.Errorf("got revision %d, want %d", state.Revision, first)
	}
	second := s.store(t, "a", "2", first, time.Minute)
	if state := s.want(t, "a", "2"); state.Revision != second || second == first {
		t.Errorf("got revision %d, want %d", state.Revision, second)
	}
	large := bytes.Repeat([]byte{0xff, 0}, 100<<10)
	s.store(t, "large", string(large), 0, time.Minute)
	s.want(t, "large", string(large))
}

func keepsApart(t *testing.T, s states) {
	names := []string{"job.0.a", "job.0.a.b", "job.1.a", "job.0.a/b", "open.a-_="}
	for _, name := range names {
		s.store(t, name, name, 0, time.Minute)
	}
	for _, name := range names {
		s.want(t, name, name)
	}
}

func refusesRevisions(t *testing.T, s states) {
	first := s.store(t, "a", "1", 0, time.Minute)
	second := s.store(t, "a", "2", first, time.Minute)
	other := s.store(t, "b", "1", 0, time.Minute)
	for _, revision := range []uint64{0, first, other, second + 100} {
		if _, err := s.Store(t.Context(), "a", []byte("3"), revision, time.Minute); !errors.Is(err, core.ErrConflict) {
			t.Errorf("store at revision %d: got %v", revision, err)
		}
		if err := s.Delete(t.Context(), "a", revision); !errors.Is(err, core.ErrConflict) {
			t.Errorf("delete at revision %d: got %v", revision, err)
		}
	}
	if _, err := s.Store(t.Context(), "c", []byte("1"), second, time.Minute); !errors.Is(err, core.ErrConflict) {
		t.Errorf("store what is not there at revision %d: got %v", second, err)
	}
	s.want(t, "a", "2")
}

func letsOneWin(t *testing.T, s states) {
	revision := uint64(0)
	for round := range 20 {
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				_, err := s.Store(t.Context(), "a", []byte(strconv.Itoa(i)), revision, time.Minute)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, core.ErrConflict):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := won.Load(); n != 1 {
			t.Fatalf("round %d: %d changed the same revision", round, n)
		}
		revision = s.load(t, "a").Revision
	}
}

func deletesStates(t *testing.T, s states) {
	first := s.store(t, "a", "1", 0, time.Minute)
	if err := s.Delete(t.Context(), "a", first); err != nil {
		t.Fatal(err)
	}
	err := core.ErrConflict
	for limit := time.Now().Add(patience); errors.Is(err, core.ErrConflict) && time.Now().Before(limit); {
		gone := s.want(t, "a", "")
		if gone.Revision == first {
			t.Error("a deleted state has the revision that it had")
		}
		// What tells that it was deleted may vanish just now.
		_, err = s.Store(t.Context(), "a", []byte("2"), gone.Revision, time.Minute)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.want(t, "a", "2")
}

// gone waits until the state is gone.
func (s states) gone(t *testing.T, name string) {
	t.Helper()
	for limit := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if state := s.load(t, name); state.Revision == 0 && len(state.Data) == 0 {
			return
		}
		if time.Now().After(limit) {
			t.Fatal("the state does not expire")
		}
	}
}

func expires(t *testing.T, s states) {
	const ttl = 1200 * time.Millisecond
	began := time.Now()
	s.store(t, "a", "1", 0, ttl)
	s.gone(t, "a")
	if took := time.Since(began); took < ttl {
		t.Errorf("expired after %s, want %s at least", took, ttl)
	}
	s.store(t, "a", "2", 0, time.Minute)
	s.want(t, "a", "2")
}

func prolongs(t *testing.T, s states) {
	const ttl = 5 * time.Second // far more than it takes to prolong it
	revision := s.store(t, "a", "1", 0, ttl)
	s.store(t, "a", "2", revision, time.Minute)
	s.store(t, "b", "1", 0, ttl)
	s.gone(t, "b")
	s.want(t, "a", "2")
}

func keepsForGood(t *testing.T, s states) {
	s.store(t, "a", "1", 0, 0)
	s.store(t, "b", "1", 0, time.Second)
	s.gone(t, "b")
	s.want(t, "a", "1")
}

func endsWithContext(t *testing.T, s states) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Load(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Store(ctx, "a", []byte("1"), 0, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
