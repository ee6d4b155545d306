package targets_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/adapter/targets"
)

// herd has n calls that take d come at once, and says how it went when all
// have been made or refused.
type herd struct {
	refused []time.Duration // when to ask again
	most    int64           // that ran at once
	took    time.Duration
}

func (b *bench) herd(target string, n int, d time.Duration) (h herd) {
	var mu sync.Mutex
	var running atomic.Int64
	var calls sync.WaitGroup
	began := time.Now()
	for range n {
		calls.Go(func() {
			done, again := b.Enter(b.t.Context(), target)
			now := running.Add(1)
			mu.Lock()
			if done == nil {
				h.refused = append(h.refused, again)
				running.Add(-1)
			} else {
				h.most = max(h.most, now)
			}
			mu.Unlock()
			if done != nil {
				time.Sleep(d)
				running.Add(-1)
				done(ok)
			}
		})
	}
	calls.Wait()
	h.took = time.Since(began)
	return h
}

func TestFastHostLosesNoThroughput(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]time.Duration{"1 ms": time.Millisecond, "5 ms": 5 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{}, func(t *testing.T, b *bench) {
				const n = 10_000
				h := b.herd("fast:80", n, d)
				if len(h.refused) != 0 || h.most != targets.DefaultConcurrency {
					t.Errorf("%d of %d calls were refused, %d ran at once", len(h.refused), n, h.most)
				}
				if ideal := d * (n / targets.DefaultConcurrency); h.took > ideal+d {
					t.Errorf("it took %s, want %s", h.took, ideal)
				}
			})
		})
	}
}

// Most of a host's calls hang, yet the places that still change hands are used.
func TestLongCallsAmongShortOnes(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		long := b.fill("mixed:80", 24)
		time.Sleep(10 * time.Minute)
		h := b.herd("mixed:80", 5000, time.Millisecond)
		if ideal := 5000 / 8 * time.Millisecond; len(h.refused) != 0 || h.took > ideal+time.Millisecond {
			t.Errorf("%d calls were refused; it took %s, want %s", len(h.refused), h.took, ideal)
		}
		for _, done := range long {
			done(ok)
		}
	})
}

// A host that is slower than the calls that want it is kept busy by those that
// come back.
func TestSlowHostIsKeptBusy(t *testing.T) {
	t.Parallel()
	for name, took := range map[string]time.Duration{"1 s": time.Second, "10 s": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{}, func(t *testing.T, b *bench) {
				const span = 5 * time.Minute
				want := int64(span/took) * targets.DefaultConcurrency
				if got := b.callAgain(500, took, span); got < want*9/10 || got > want {
					t.Errorf("%d calls were made in %s, want %d", got, span, want)
				}
			})
		})
	}
}

// A herd for a host that is not fast enough to take it from the room is worked
// off as fast as the host can, although most of it is refused at first, and an
// estimate that was made of slow calls does no lasting harm.
func TestHerdIsWorkedOff(t *testing.T) {
	t.Parallel()
	const usual = 32 * time.Millisecond
	tests := map[string]func(began time.Time, random *rand.Rand) time.Duration{
		"constant":    func(time.Time, *rand.Rand) time.Duration { return usual },
		"exponential": func(_ time.Time, r *rand.Rand) time.Duration { return time.Duration(r.ExpFloat64() * float64(usual)) },
		"slow at first": func(began time.Time, _ *rand.Rand) time.Duration {
			if time.Since(began) < 500*time.Millisecond {
				return 5 * usual
			}
			return usual
		},
		"some are slow": func(_ time.Time, r *rand.Rand) time.Duration {
			if r.IntN(20) == 0 {
				return 10 * usual
			}
			return usual / 2
		},
	}
	for name, lasts := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{}, func(t *testing.T, b *bench) {
				const n = 6000
				random, began := newRandom(t), time.Now()
				var mu sync.Mutex // guards those that follow
				var work time.Duration
				var refused int
				var calls sync.WaitGroup
				for range n {
					calls.Go(func() {
						done, again := b.Enter(t.Context(), "a:80")
						for ; done == nil; done, again = b.Enter(t.Context(), "a:80") {
							mu.Lock()
							refused++
							mu.Unlock()
							time.Sleep(again)
						}
						mu.Lock()
						took := lasts(began, random)
						work += took
						mu.Unlock()
						time.Sleep(took)
						done(ok)
					})
				}
				calls.Wait()
				took, ideal := time.Since(began), work/targets.DefaultConcurrency
				t.Logf("took %s, at best %s, %d were refused", took, ideal, refused)
				if took > ideal*5/4 || refused > 3*n {
					t.Errorf("it took %s, want about %s; %d were refused", took, ideal, refused)
				}
			})
		})
	}
}

// callAgain has n callers make calls that take so long, again and again or as
// they are told, and returns how many have ended within span. They sleep without
// timers of their own: a timer of 0 s may crash a bubble under the race detector
// (golang/go#78156).
func (b *bench) callAgain(n int, took, span time.Duration) (made int64) {
	var ended atomic.Int64
	var callers sync.WaitGroup
	until := time.Now().Add(span)
	for range n {
		callers.Go(func() {
			for time.Now().Before(until) {
				done, again := b.Enter(b.t.Context(), "a:80")
				if done == nil {
					time.Sleep(again)
					continue
				}
				time.Sleep(took)
				done(ok)
				if !time.Now().After(until) {
					ended.Add(1)
				}
			}
		})
	}
	callers.Wait()
	return ended.Load()
}

// What is refused comes back over some time, not at once and not too late,
// and in the room's absence at the pace at which the host takes it.
func TestRefusedCallsComeBackOneAfterTheOther(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		b.herd("a:80", 320, 100*time.Millisecond) // so it takes 320 a second
		h := b.herd("a:80", 4000, 100*time.Millisecond)
		if len(h.refused) < 3000 {
			t.Fatalf("only %d calls were refused", len(h.refused))
		}
		slices.Sort(h.refused)
		if first, last := h.refused[0], h.refused[len(h.refused)-1]; first < time.Second || last > 31*time.Second {
			t.Errorf("they come back after %s to %s", first, last)
		}
		seconds := map[int]int{}
		for _, again := range h.refused {
			seconds[int(again.Seconds())]++
		}
		for second, n := range seconds {
			if n > 700 { // twice as many as it takes
				t.Errorf("%d come back in second %d, of %d in all", n, second, len(h.refused))
			}
		}
	})
}
