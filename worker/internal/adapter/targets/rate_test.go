package targets_test

import (
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
				const seconds = 300
				made := make(chan struct{}, 1_000_000)
				for range int(limit*seconds/2) + 10 { // callers that ask again and again
					go func() {
						for t.Context().Err() == nil {
							done, again := b.Enter(t.Context(), "a:80")
							if done != nil {
								made <- struct{}{}
								done(ok)
								continue
							}
							timer := time.NewTimer(again)
							select {
							case <-timer.C:
							case <-t.Context().Done():
							}
						}
					}()
				}
				time.Sleep(seconds * time.Second)
				got, want := float64(len(made)), limit*seconds
				if got < 0.9*want || got > 1.01*want+max(limit, 1)+1 {
					t.Errorf("%g calls in %d s, want %g", got, seconds, want)
				}
			})
		})
	}
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
