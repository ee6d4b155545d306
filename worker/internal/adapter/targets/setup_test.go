package targets_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/adapter/targets"
	"github.com/weplanx/workflow/worker/internal/core"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// maxWait is how long Enter may take, and a little for the next look at a room.
const maxWait = 2*time.Second + 50*time.Millisecond

// Answers of a target.
var (
	ok      = core.Answer{Verdict: core.Success, Status: 200}
	failed  = core.Answer{Class: contract.ErrorTimeout}
	gone    = core.Answer{Verdict: core.Permanent, Status: 410}
	refused = core.Answer{Verdict: core.Permanent, Class: contract.ErrorEgress}
	stopped = core.Answer{Class: contract.ErrorStopped}
)

// bench is targets inside a bubble of synctest.
type bench struct {
	*targets.Targets
	t *testing.T

	mu      sync.Mutex
	changes []targets.Change
}

// in runs a test inside a bubble with targets of its own.
func in(t *testing.T, config targets.Config, test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t}
		config.OnChange = func(c targets.Change) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.changes = append(b.changes, c)
		}
		b.Targets = targets.New(config, system.Random{})
		test(t, b)
	})
}

// enter wants to be admitted at once.
func (b *bench) enter(target string) (done func(core.Answer)) {
	b.t.Helper()
	began := time.Now()
	done, again := b.Enter(b.t.Context(), target)
	if done == nil {
		b.t.Fatalf("a call of %s was refused for %s", target, again)
	}
	if took := time.Since(began); took > 0 {
		b.t.Errorf("a call of %s was admitted after %s", target, took)
	}
	return done
}

// refused wants not to be admitted, and returns when to ask again.
func (b *bench) refused(target string) time.Duration {
	b.t.Helper()
	done, again := b.Enter(b.t.Context(), target)
	if done != nil || again <= 0 {
		b.t.Fatalf("a call of %s was admitted: %t, again after %s", target, done != nil, again)
	}
	return again
}

// asked is how an Enter ended.
type asked struct {
	n        int // as it was asked, from 0
	done     func(core.Answer)
	again    time.Duration
	took     time.Duration // until it was admitted or refused
	admitted time.Time
}

// ask has n calls ask one after the other, at the same instant, and returns
// where they report how it ended.
func (b *bench) ask(ctx context.Context, target string, n int) <-chan asked {
	got := make(chan asked, n)
	for i := range n {
		began := time.Now()
		go func() {
			done, again := b.Enter(ctx, target)
			got <- asked{n: i, done: done, again: again, took: time.Since(began), admitted: time.Now()}
		}()
		synctest.Wait() // it waits now, or has ended
	}
	return got
}

// fill has n calls admitted and returns their ends.
func (b *bench) fill(target string, n int) (dones []func(core.Answer)) {
	b.t.Helper()
	for range n {
		dones = append(dones, b.enter(target))
	}
	return dones
}

// fail has n calls fail, one after the other.
func (b *bench) fail(target string, n int) {
	b.t.Helper()
	for range n {
		b.enter(target)(failed)
	}
}

// state is what the snapshot says about a target.
func (b *bench) state(target string) targets.Target {
	b.t.Helper()
	all := b.Snapshot().Targets
	i := slices.IndexFunc(all, func(s targets.Target) bool { return s.Name == target })
	if i < 0 {
		return targets.Target{Name: target, Breaker: targets.Closed}
	}
	return all[i]
}

func (b *bench) wantChanges(want ...targets.Change) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.changes, want) {
		b.t.Errorf("got changes %v, want %v", b.changes, want)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	porttest.RunTargets(t, func(*testing.T) porttest.Targets {
		s := targets.New(targets.Config{Concurrency: 4}, system.Random{})
		return porttest.Targets{
			Targets: s,
			Refuse: func(t *testing.T, target string) {
				for range 10 {
					done, _ := s.Enter(t.Context(), target)
					done(failed)
				}
			},
			Full: func(t *testing.T, target string) func() {
				var dones []func(core.Answer)
				for range 4 {
					done, _ := s.Enter(t.Context(), target)
					dones = append(dones, done)
				}
				return func() {
					for _, done := range dones {
						done(ok)
					}
				}
			},
		}
	})
}
