package targets_test

import (
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/adapter/targets"
)

func TestRate(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Rate: 100}, func(t *testing.T, b *bench) {
		b.fill("a:80", 0)
		h := b.herd("a:80", 300, 0)
		if len(h.refused) != 0 || h.took < 2*time.Second || h.took > maxWait {
			t.Errorf("%d were refused, the others took %s, want 2 s", len(h.refused), h.took)
		}
		h = b.herd("a:80", 250, 0)
		if len(h.refused) != 50 {
			t.Errorf("%d of 250 were refused, want those beyond 2 s", len(h.refused))
		}
		for _, again := range h.refused {
			if again < 2*time.Second || again > 4*time.Second {
				t.Errorf("again after %s", again)
			}
		}
		b.enter("b:80")(ok)
	})
}

// Over a longer time as many calls are made as the rate says, when those that
// are refused come back as they are told.
func TestRateIsKept(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]float64{"many": 200, "few": 3, "less than one": 0.5} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{Rate: limit}, func(t *testing.T, b *bench) {
				const span = 5 * time.Minute
				got, want := float64(b.callAgain(int(10*limit)+10, 0, span)), limit*span.Seconds()
				if got < 0.9*want || got > 1.01*want+max(limit, 1)+1 {
					t.Errorf("%g calls in %s, want %g", got, span, want)
				}
			})
		})
	}
}

// A token is used when it is there, not when the room is looked after next.
func TestTokenIsUsedAtOnce(t *testing.T) {
	t.Parallel()
	for name, busy := range map[string]time.Duration{"places are free": 0, "the place becomes free": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{Rate: 30, Concurrency: 1}, func(t *testing.T, b *bench) {
				for range 29 {
					b.enter("a:80")(ok)
				}
				done := b.enter("a:80") // the last token
				if busy == 0 {
					done(ok)
				}
				got := b.ask(t.Context(), "a:80", 1)
				time.Sleep(busy)
				done(ok)
				if a := <-got; a.done == nil || a.took < 33*time.Millisecond || a.took > 35*time.Millisecond {
					t.Errorf("admitted: %t, after %s, want a thirtieth of a second", a.done != nil, a.took)
				}
			})
		})
	}
}

// Who comes when a token has just come does not overtake those who wait for it.
func TestRateIsFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Rate: 2000}, func(t *testing.T, b *bench) {
		for range 2000 {
			b.enter("a:80")(ok)
		}
		first := b.ask(t.Context(), "a:80", 1)
		time.Sleep(600 * time.Microsecond)
		second := b.ask(t.Context(), "a:80", 1)
		f, s := <-first, <-second
		if f.done == nil || s.done == nil || s.admitted.Before(f.admitted) || s.took == 0 {
			t.Errorf("the first after %s, the second after %s", f.took, s.took)
		}
	})
}

func TestCallsRefusedByTheRateComeBackAtIt(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Rate: 100}, func(t *testing.T, b *bench) {
		h := b.herd("a:80", 1300, 0) // 100 at once, 200 in the room, 1000 refused
		slices.Sort(h.refused)
		if n := len(h.refused); n != 1000 || h.refused[n/2] < 6*time.Second || h.refused[n-1] < 11*time.Second {
			t.Errorf("%d were refused, half of them for %s, the last for %s", n, h.refused[n/2], h.refused[n-1])
		}
	})
}

func TestRateAndConcurrencyTogether(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Rate: 1000, Concurrency: 2}, func(t *testing.T, b *bench) {
		h := b.herd("a:80", 200, 10*time.Millisecond)
		if len(h.refused) != 0 || h.most != 2 || h.took != time.Second {
			t.Errorf("%d were refused, %d ran at once, it took %s", len(h.refused), h.most, h.took)
		}
	})
}
