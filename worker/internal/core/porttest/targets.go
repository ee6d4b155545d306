package porttest

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/core"
)

// Targets are fresh ones under test.
type Targets struct {
	core.Targets
	// Refuse makes a target refuse calls from now on, for some seconds at least.
	Refuse func(t *testing.T, target string)
	// Full makes the next call of a target wait, until free is called.
	Full func(t *testing.T, target string) (free func())
}

// RunTargets runs the suite of core.Targets.
func RunTargets(t *testing.T, fresh func(t *testing.T) Targets) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, Targets){
		"admits calls":                      admits,
		"admits calls one after the other":  admitsAgain,
		"admits many at once":               admitsMany,
		"never refuses the empty target":    admitsEmpty,
		"says when to ask again":            refuses,
		"has a call wait":                   waits,
		"ends the wait with the context":    stopsWaiting,
		"admits nothing after the context":  refusesEnded,
		"takes the end of a call once":      endsOnce,
		"goes on after a wait was given up": goesOn,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, fresh(t))
		})
	}
}

// success is an answer of a target that works.
func success() core.Answer { return core.Answer{Verdict: core.Success, Status: 200} }

// enter wants to be admitted.
func (s Targets) enter(t *testing.T, target string) (done func(core.Answer)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	done, again := s.Enter(ctx, target)
	if done == nil {
		t.Fatalf("a call of %q was refused for %s", target, again)
	}
	return done
}

func admits(t *testing.T, s Targets) {
	s.enter(t, "a:80")(success())
	s.enter(t, "b:80")(core.Answer{Verdict: core.Permanent, Status: 404})
	s.enter(t, "c:80")(core.Answer{})
}

func admitsAgain(t *testing.T, s Targets) {
	for range 1000 {
		s.enter(t, "a:80")(success())
	}
}

func admitsMany(t *testing.T, s Targets) {
	var calls sync.WaitGroup
	for i := range 1000 {
		calls.Go(func() {
			done, again := s.Enter(t.Context(), "host"+strconv.Itoa(i%50)+":80")
			if done == nil {
				t.Errorf("call %d was refused for %s", i, again)
				return
			}
			done(success())
		})
	}
	calls.Wait()
}

func admitsEmpty(t *testing.T, s Targets) {
	s.Refuse(t, "a:80")
	for range 100 {
		s.enter(t, "")(core.Answer{})
	}
	s.enter(t, "")(success())
}

func refuses(t *testing.T, s Targets) {
	s.Refuse(t, "a:80")
	for range 10 {
		if done, again := s.Enter(t.Context(), "a:80"); done != nil || again <= 0 || again > time.Hour {
			t.Errorf("got admitted: %t, again after %s, want to be told a time", done != nil, again)
		}
	}
	s.enter(t, "b:80")(success())
}

// entered is how an Enter ended.
type entered struct {
	done  func(core.Answer)
	again time.Duration
}

// start has a call of a:80 ask in the background.
func (s Targets) start(ctx context.Context) <-chan entered {
	got := make(chan entered, 1)
	go func() {
		done, again := s.Enter(ctx, "a:80")
		got <- entered{done, again}
	}()
	return got
}

// stays fails when something comes soon.
func stays(t *testing.T, got <-chan entered) {
	t.Helper()
	timer := time.NewTimer(50 * time.Millisecond)
	defer timer.Stop()
	select {
	case e := <-got:
		t.Fatalf("the call did not wait: admitted %t, again after %s", e.done != nil, e.again)
	case <-timer.C:
	}
}

func waits(t *testing.T, s Targets) {
	free := s.Full(t, "a:80")
	got := s.start(t.Context())
	stays(t, got)
	s.enter(t, "b:80")(success())
	free()
	if e := next(t, got); e.done == nil {
		t.Errorf("the call was refused for %s", e.again)
	} else {
		e.done(success())
	}
}

func stopsWaiting(t *testing.T, s Targets) {
	defer s.Full(t, "a:80")()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := s.start(ctx)
	stays(t, got)
	cancel()
	if e := next(t, got); e.done != nil || e.again != 0 {
		t.Errorf("got admitted: %t, again after %s", e.done != nil, e.again)
	}
}

func refusesEnded(t *testing.T, s Targets) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Refuse(t, "b:80")
	for _, target := range []string{"a:80", "b:80", ""} {
		if done, again := s.Enter(ctx, target); done != nil || again != 0 {
			t.Errorf("%q: got admitted: %t, again after %s", target, done != nil, again)
		}
	}
}

func endsOnce(t *testing.T, s Targets) {
	free := s.Full(t, "b:80")
	done := s.enter(t, "a:80")
	for range 3 {
		done(success())
	}
	free()
	free()
	s.enter(t, "a:80")(success())
	s.enter(t, "b:80")(success())
}

func goesOn(t *testing.T, s Targets) {
	free := s.Full(t, "a:80")
	ctx, cancel := context.WithCancel(t.Context())
	given, kept := s.start(ctx), s.start(t.Context())
	stays(t, given)
	cancel()
	next(t, given)
	free()
	if e := next(t, kept); e.done == nil {
		t.Errorf("the call was refused for %s", e.again)
	} else {
		e.done(success())
	}
}
