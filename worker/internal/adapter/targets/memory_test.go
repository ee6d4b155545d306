package targets_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/adapter/targets"
)

const (
	maxIdle = 10_000
	idleFor = 10 * time.Minute
)

func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Whoever may store schedules must not be able to exhaust the memory with
// hosts.
func TestManyHostsAreForgotten(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		busy := b.enter("busy:80")
		b.fail("bad:80", failures)
		for i := range 10 * maxIdle {
			b.enter("host" + strconv.Itoa(i) + ":80")(ok)
			if i%(maxIdle/2) == 0 {
				b.refused("bad:80") // it is in use
			}
		}
		if known := b.Snapshot().Known; known > maxIdle+1 {
			t.Errorf("%d targets are remembered, want %d", known, maxIdle)
		}
		if s := b.state("busy:80"); s.Running != 1 {
			t.Errorf("a target with a call was forgotten: %+v", s)
		}
		b.refused("bad:80")
		busy(ok)
	})
}

func TestIdleHostsAreForgotten(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		for i := range 100 {
			b.enter("host" + strconv.Itoa(i) + ":80")(ok)
		}
		busy := b.enter("busy:80")
		time.Sleep(idleFor / 2)
		b.enter("host1:80")(ok)
		time.Sleep(idleFor/2 + time.Second)
		if known := b.Snapshot().Known; known != 2 {
			t.Errorf("%d targets are remembered, want those that were in use", known)
		}
		busy(ok)
		time.Sleep(idleFor)
		if s := b.Snapshot(); s.Known != 0 || len(s.Targets) != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

func TestLongNamesShareATarget(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Concurrency: 1}, func(t *testing.T, b *bench) {
		long := strings.Repeat("x", 2000)
		done := b.enter(long + "1:80")
		got := b.ask(t.Context(), long+"2:80", 1)
		done(ok)
		(<-got).done(ok)
		if known := b.Snapshot().Known; known != 1 {
			t.Errorf("%d targets are known", known)
		}
	})
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Concurrency: 1}, func(t *testing.T, b *bench) {
		b.enter("idle:80")(ok)
		done := b.enter("busy:80")
		got := b.ask(t.Context(), "busy:80", 2)
		b.fail("bad:80", failures)
		s := b.Snapshot()
		want := []targets.Target{
			{Name: "bad:80", Breaker: targets.Open},
			{Name: "busy:80", Breaker: targets.Closed, Running: 1, Waiting: 2},
		}
		if s.Known != 3 || len(s.Targets) != 2 || s.Targets[0] != want[0] || s.Targets[1] != want[1] {
			t.Errorf("got %+v, want %+v", s, want)
		}
		if got, want := b.Totals(), (targets.Totals{Known: 3, Barred: 1, Running: 1, Waiting: 2}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		done(ok)
		(<-got).done(ok)
		(<-got).done(ok)
		time.Sleep(openFor + time.Millisecond)
		if got := b.Totals(); got.Barred != 1 {
			t.Errorf("got %+v, want that it fails until a probe succeeds", got)
		}
		b.enter("bad:80")(ok)
		if got := b.Totals(); got.Barred != 0 {
			t.Errorf("got %+v after a probe that succeeded", got)
		}
	})
}
