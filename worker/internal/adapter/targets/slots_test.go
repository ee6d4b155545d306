package targets_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/adapter/targets"
	"github.com/weplanx/workflow/worker/internal/core"
)

// worker makes calls as a worker does: a call that has a place waits for a slot.
type worker struct {
	*bench
	slots chan struct{}
	calls sync.WaitGroup
}

// call makes a call that takes d, once it is admitted, and returns after what time
// it began. made: it was admitted.
func (w *worker) call(target string, d time.Duration, answer core.Answer) (late time.Duration, made bool) {
	began := time.Now()
	done, _ := w.Enter(w.t.Context(), target)
	if done == nil {
		return 0, false
	}
	w.slots <- struct{}{}
	late = time.Since(began)
	time.Sleep(d)
	<-w.slots
	done(answer)
	return late, true
}

// hang keeps calls coming for a host that never answers: many at once, and 20 a
// second from then on.
func (w *worker) hang(target string, span time.Duration) {
	one := func() { w.calls.Go(func() { w.call(target, 10*time.Second, failed) }) }
	for range 200 {
		one()
	}
	w.calls.Go(func() {
		for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			one()
		}
	})
}

// Calls of a host that answers are made at once, all of them, while others hang, and
// from the beginning on: before a breaker has noticed anything. The last of the
// numbers is what the default settings bear.
func TestHangingHostsLeaveSlots(t *testing.T) {
	t.Parallel()
	const span = 30 * time.Second
	for _, c := range []struct{ slots, hang int }{
		{8, 1}, {16, 2}, {64, 1}, {64, 2}, {64, 3}, {64, 5}, {256, 2}, {256, 3}, {256, 5}, {256, 7},
	} {
		t.Run(fmt.Sprintf("%d of %d slots", c.hang, c.slots), func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{Slots: c.slots}, func(t *testing.T, b *bench) {
				w := &worker{bench: b, slots: make(chan struct{}, c.slots)}
				for i := range c.hang {
					w.hang(fmt.Sprintf("slow%d:80", i), span)
				}
				time.Sleep(time.Millisecond)
				var mu sync.Mutex
				var refused, slow int
				var most time.Duration
				for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
					w.calls.Go(func() {
						late, made := w.call("fine:80", 5*time.Millisecond, ok)
						mu.Lock()
						defer mu.Unlock()
						if !made {
							refused++
						}
						if most = max(most, late); late > 0 {
							slow++
						}
					})
				}
				w.calls.Wait()
				if refused > 0 || most > 0 {
					t.Errorf("%d calls were refused, %d had to wait, up to %s", refused, slow, most)
				}
			})
		})
	}
}

// A host that has the worker to itself gets half of its slots, or as many as a
// host may have.
func TestShareOfOneHost(t *testing.T) {
	t.Parallel()
	for slots, want := range map[int]int{0: 32, 1: 1, 2: 1, 3: 1, 4: 2, 10: 5, 63: 31, 64: 32, 256: 32} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{Slots: slots}, func(t *testing.T, b *bench) {
				dones := b.fill("a:80", want)
				got := b.ask(t.Context(), "a:80", 1)
				if s := b.state("a:80"); s.Running != want || s.Waiting != 1 {
					t.Errorf("got %+v", s)
				}
				other := b.enter("b:80") // the first is always let in
				other(ok)
				for _, done := range dones {
					done(ok)
				}
				(<-got).done(ok)
			})
		})
	}
}

// What another host gives back is used by those who wait, without a call of theirs
// that ends.
func TestSlotsThatBecomeFreeAreUsed(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Slots: 8}, func(t *testing.T, b *bench) {
		first, second := b.fill("a:80", 4), b.fill("b:80", 2)
		got := b.ask(t.Context(), "b:80", 2)
		for _, done := range first {
			done(ok)
		}
		for range 2 {
			a := <-got
			if a.done == nil || a.took > 50*time.Millisecond {
				t.Fatalf("admitted %t after %s", a.done != nil, a.took)
			}
			a.done(ok)
		}
		for _, done := range second {
			done(ok)
		}
		for _, s := range b.Snapshot().Targets {
			t.Errorf("got %+v left", s)
		}
		b.fill("c:80", 4)
	})
}
