package targets_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/worker/internal/adapter/targets"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Concurrency: 3}, func(t *testing.T, b *bench) {
		dones := b.fill("a:80", 3)
		got := b.ask(t.Context(), "a:80", 50)
		for want := range 50 {
			time.Sleep(time.Millisecond)
			dones[want](ok)
			a := <-got
			if a.n != want || a.done == nil {
				t.Fatalf("call %d came in as number %d, refused for %s", a.n, want, a.again)
			}
			dones = append(dones, a.done)
		}
	})
}

// A host that hangs is noticed while its first calls still run: nobody waits
// long, and later calls are refused at once.
func TestHangingHostIsNoticed(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		dones := b.fill("slow:80", targets.DefaultConcurrency)
		got := b.ask(t.Context(), "slow:80", 1000)
		most := map[time.Duration]int{ // may wait after that time
			100 * time.Millisecond: 640, time.Second: 64, 2 * time.Second: 32, 2100 * time.Millisecond: 0,
		}
		began := time.Now()
		for _, at := range []time.Duration{100 * time.Millisecond, time.Second, 2 * time.Second, 2100 * time.Millisecond} {
			time.Sleep(at - time.Since(began))
			synctest.Wait()
			if s := b.state("slow:80"); s.Waiting > most[at] || s.Running != len(dones) {
				t.Errorf("after %s %d wait and %d run, want at most %d and %d", at, s.Waiting, s.Running, most[at], len(dones))
			}
		}
		for range 1000 {
			if a := <-got; a.done != nil || a.again < time.Second || a.took > maxWait {
				t.Errorf("after %s: admitted %t, again after %s", a.took, a.done != nil, a.again)
			}
		}
		time.Sleep(time.Minute)
		if wait := b.refused("slow:80"); wait < time.Second {
			t.Errorf("again after %s", wait)
		}
		dones[0](ok)
		b.enter("slow:80")(ok)
	})
}

func TestHangingHostLeavesOthersUntouched(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		b.fill("slow:80", targets.DefaultConcurrency)
		got := b.ask(t.Context(), "slow:80", 500)
		for range 5000 {
			done := b.enter("fast:80") // at once
			time.Sleep(time.Millisecond)
			done(ok)
		}
		if h := b.herd("other:80", 5000, time.Millisecond); len(h.refused) != 0 {
			t.Errorf("%d calls of another host were refused", len(h.refused))
		}
		for range 500 {
			<-got
		}
	})
}

// atOnce asks for n calls and returns how many are refused without a wait. The
// others are given up.
func (b *bench) atOnce(target string, n int) (refused int) {
	ctx, cancel := context.WithCancel(b.t.Context())
	got := b.ask(ctx, target, n)
	cancel()
	for range n {
		if a := <-got; a.done != nil {
			a.done(stopped)
		} else if a.again > 0 && a.took == 0 {
			refused++
		}
	}
	return refused
}

// run has some hundred calls of a:80 that take d run, as many at once as can.
func (b *bench) run(d time.Duration) {
	for range 10 {
		dones := b.fill("a:80", targets.DefaultConcurrency)
		time.Sleep(d)
		for _, done := range dones {
			done(ok)
		}
	}
}

// What is expected follows what calls take now, and counts the places that do
// not change hands out.
func TestWaitsAreForetold(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		learn func(b *bench)
		want  int // calls that fit into 2 s
	}{
		"always 100 ms": {func(b *bench) { b.run(100 * time.Millisecond) }, 640},
		"became slower": {func(b *bench) {
			b.run(time.Millisecond)
			b.run(100 * time.Millisecond)
		}, 640},
		"became faster": {func(b *bench) {
			b.run(time.Second)
			b.run(100 * time.Millisecond)
		}, 640},
		"others were cut off": {func(b *bench) {
			b.run(100 * time.Millisecond)
			for range 100 {
				b.enter("a:80")(stopped)
			}
		}, 640},
		"most places hang": {func(b *bench) {
			b.run(100 * time.Millisecond)
			b.fill("a:80", 24)
			time.Sleep(time.Hour)
		}, 160},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{}, func(t *testing.T, b *bench) {
				test.learn(b)
				b.fill("a:80", targets.DefaultConcurrency-b.state("a:80").Running)
				const n = 2000
				if fit := n - b.atOnce("a:80", n); fit < test.want*9/10 || fit > test.want*11/10 {
					t.Errorf("%d calls are let into the room, want %d", fit, test.want)
				}
			})
		})
	}
}

func TestRoomIsBounded(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Concurrency: 1}, func(t *testing.T, b *bench) {
		const n, room = 20_000, 16_384
		done := b.enter("a:80")
		ctx, cancel := context.WithCancel(t.Context())
		got := b.ask(ctx, "a:80", n)
		if s := b.state("a:80"); s.Waiting != room {
			t.Errorf("%d wait, want %d", s.Waiting, room)
		}
		cancel()
		for range n {
			if a := <-got; a.done != nil || a.again > 0 != (a.n >= room) {
				t.Fatalf("call %d: admitted %t, again after %s", a.n, a.done != nil, a.again)
			}
		}
		done(ok)
	})
}

// However long a target is expected to take, it is asked again soon: it may
// have been a single call that took so long.
func TestWaitsThatAreToldHaveALimit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config targets.Config
		after  time.Duration
	}{
		"a call runs for hours": {targets.Config{Concurrency: 1}, 24 * time.Hour},
		"tokens are rare":       {targets.Config{Rate: 0.001}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, test.config, func(t *testing.T, b *bench) {
				done := b.enter("a:80")
				time.Sleep(test.after)
				for range 1000 {
					if again := b.refused("a:80"); again < time.Second || again > 31*time.Second {
						t.Errorf("again after %s", again)
					}
				}
				done(ok)
			})
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Concurrency: 1}, func(t *testing.T, b *bench) {
		done := b.enter("a:80")
		ctx, cancel := context.WithCancel(t.Context())
		given, kept := b.ask(ctx, "a:80", 3), b.ask(t.Context(), "a:80", 1)
		time.Sleep(time.Millisecond)
		cancel()
		for range 3 {
			if a := <-given; a.done != nil || a.again != 0 || a.took != time.Millisecond {
				t.Errorf("got %+v", a)
			}
		}
		done(ok)
		(<-kept).done(ok)
		if s := b.state("a:80"); s.Running != 0 || s.Waiting != 0 {
			t.Errorf("got %+v left", s)
		}
	})
}

// A call that is admitted at the instant at which it is given up must not keep
// its place.
func TestPlaceOfACallThatWasGivenUp(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Concurrency: 1}, func(t *testing.T, b *bench) {
		for range 200 {
			done := b.enter("a:80")
			ctx, cancel := context.WithCancel(t.Context())
			got := b.ask(ctx, "a:80", 1)
			go cancel()
			go done(ok)
			if a := <-got; a.done != nil {
				a.done(ok)
			}
			synctest.Wait()
			if s := b.state("a:80"); s.Running != 0 || s.Waiting != 0 {
				t.Fatalf("got %+v left", s)
			}
		}
	})
}

func TestEndIsTakenOnce(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Concurrency: 2}, func(t *testing.T, b *bench) {
		first, second := b.enter("a:80"), b.enter("a:80")
		first(ok)
		first(ok)
		third := b.enter("a:80")
		first(failed)
		got := b.ask(t.Context(), "a:80", 1)
		if s := b.state("a:80"); s.Running != 2 || s.Waiting != 1 {
			t.Errorf("got %+v, want 2 that run and 1 that waits", s)
		}
		second(ok)
		third(ok)
		(<-got).done(ok)
	})
}

// At random: nobody waits longer than promised, nothing exceeds its limit, and
// in the end nothing is left.
func TestCallsAtRandom(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Concurrency: 4, Rate: 500}, func(t *testing.T, b *bench) {
		random, names := newRandom(t), []string{"a:80", "b:80", "c:80"}
		answers := []core.Answer{ok, ok, ok, ok, failed, gone, stopped, refused, {Status: 503, RetryAfter: time.Second}}
		var running [3]atomic.Int64
		var calls sync.WaitGroup
		for range 20_000 {
			time.Sleep(time.Duration(random.IntN(2000)) * time.Microsecond)
			i, took := random.IntN(3), time.Duration(random.ExpFloat64()*float64(20*time.Millisecond))
			answer, patience := answers[random.IntN(len(answers))], time.Duration(random.IntN(20))*time.Second
			calls.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				began := time.Now()
				done, again := b.Enter(ctx, names[i])
				if waited := time.Since(began); waited > maxWait || again < 0 || done == nil && again == 0 && ctx.Err() == nil {
					t.Errorf("after %s: admitted %t, again after %s", waited, done != nil, again)
				}
				if done == nil {
					return
				}
				if now := running[i].Add(1); now > 4 {
					t.Errorf("%d run at once", now)
				}
				time.Sleep(took)
				running[i].Add(-1)
				done(answer)
			})
		}
		calls.Wait()
		for _, s := range b.Snapshot().Targets {
			if s.Running != 0 || s.Waiting != 0 {
				t.Errorf("got %+v left", s)
			}
		}
	})
}
