package targets_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/adapter/targets"
	"github.com/weplanx/workflow/worker/internal/core"
)

const (
	failures = 10
	openFor  = 10 * time.Second
)

func TestBreakerOpensAndCloses(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		b.fail("a:80", failures)
		b.wantChanges(targets.Change{Target: "a:80", Open: true})
		time.Sleep(4 * time.Second)
		if again := b.refused("a:80"); again < openFor-4*time.Second || again > openFor {
			t.Errorf("again after %s, want what is left of %s", again, openFor)
		}
		b.enter("b:80")(ok)
		if s := b.state("a:80"); s.Breaker != targets.Open {
			t.Errorf("got %+v", s)
		}
		time.Sleep(openFor - 4*time.Second + time.Millisecond)
		probe := b.enter("a:80")
		if s := b.state("a:80"); s.Breaker != targets.HalfOpen || s.Running != 1 {
			t.Errorf("got %+v", s)
		}
		if again := b.refused("a:80"); again < time.Second || again > 3*time.Second {
			t.Errorf("during the probe: again after %s", again)
		}
		probe(ok)
		b.fill("a:80", targets.DefaultConcurrency)
		b.wantChanges(targets.Change{Target: "a:80", Open: true}, targets.Change{Target: "a:80"})
	})
}

func TestNoBreaker(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{NoBreaker: true}, func(t *testing.T, b *bench) {
		b.fail("a:80", 3*failures)
		b.wantChanges()
		b.enter("a:80")(core.Answer{RetryAfter: openFor})
		if again := b.refused("a:80"); again < openFor {
			t.Errorf("again after %s, want what the target asked for", again)
		}
	})
}

func TestBreakerOpensAnewWhenTheProbeFails(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		b.fail("a:80", failures)
		for range 5 {
			time.Sleep(openFor + time.Millisecond)
			b.fail("a:80", 1)
			if again := b.refused("a:80"); again < openFor {
				t.Errorf("again after %s", again)
			}
		}
		b.wantChanges(targets.Change{Target: "a:80", Open: true}) // and no more
	})
}

func TestWhatCountsAsFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		last core.Answer // after all but one failure
		open bool        // after one more
	}{
		"failure":            {failed, true},
		"status 500":         {core.Answer{Status: 500}, true},
		"success":            {ok, false},
		"permanent answer":   {gone, false},
		"worker stopped":     {stopped, true},
		"call was not made":  {refused, true},
		"answer of no state": {core.Answer{}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{}, func(t *testing.T, b *bench) {
				b.fail("a:80", failures-1)
				b.enter("a:80")(test.last)
				if b.state("a:80").Breaker == targets.Closed {
					b.enter("a:80")(failed)
				}
				if got := b.state("a:80").Breaker == targets.Open; got != test.open {
					t.Errorf("got open: %t, want %t", got, test.open)
				}
			})
		})
	}
}

// Calls that the worker cut off itself say nothing about the target.
func TestStoppedCallsOpenNoBreaker(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		for range 10 * failures {
			b.enter("a:80")(stopped)
			b.enter("a:80")(refused)
		}
		b.wantChanges()
	})
}

func TestProbeAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer core.Answer
		want   string
	}{
		"success":           {ok, targets.Closed},
		"permanent answer":  {gone, targets.Closed},
		"failure":           {failed, targets.Open},
		"worker stopped":    {stopped, targets.HalfOpen},
		"call was not made": {refused, targets.HalfOpen},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{}, func(t *testing.T, b *bench) {
				b.fail("a:80", failures)
				time.Sleep(openFor + time.Millisecond)
				b.enter("a:80")(test.answer)
				if got := b.state("a:80").Breaker; got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
				if test.want == targets.HalfOpen {
					b.enter("a:80")(ok) // the next probe
				}
			})
		})
	}
}

// A probe that hangs, as a long job does, must not bar the target until it ends.
func TestProbeThatHangsIsPassedOver(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		b.fail("a:80", failures)
		time.Sleep(openFor + time.Millisecond)
		hanging := b.enter("a:80")
		time.Sleep(14 * time.Second)
		if again := b.refused("a:80"); again < 14*time.Second {
			t.Errorf("again after %s", again)
		}
		time.Sleep(time.Second)
		second := b.enter("a:80")
		b.refused("a:80")
		hanging(failed) // too late to matter
		if got := b.state("a:80").Breaker; got != targets.HalfOpen {
			t.Errorf("got %s after the answer of the first probe", got)
		}
		second(ok)
		b.enter("a:80")(ok)
		b.wantChanges(targets.Change{Target: "a:80", Open: true}, targets.Change{Target: "a:80"})
	})
}

func TestOpeningEmptiesTheRoom(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{Concurrency: failures}, func(t *testing.T, b *bench) {
		dones := b.fill("a:80", failures)
		got := b.ask(t.Context(), "a:80", 5)
		for _, done := range dones[:failures-1] {
			done(ok)
		}
		for range 5 {
			(<-got).done(ok)
		}
		b.fill("a:80", failures-1)
		got = b.ask(t.Context(), "a:80", 20)
		dones[failures-1](failed) // one comes in, and fails, and so on
		for range failures - 1 {
			(<-got).done(failed)
		}
		for range 20 - (failures - 1) {
			if a := <-got; a.done != nil || a.again < openFor || a.took != 0 {
				t.Errorf("got %+v", a)
			}
		}
	})
}

func TestRetryAfterHoldsForTheTarget(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		asked, want time.Duration
	}{
		"half a minute": {30 * time.Second, 30 * time.Second},
		"too long":      {24 * time.Hour, core.MaxBackoff},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, targets.Config{}, func(t *testing.T, b *bench) {
				other := b.enter("a:80")
				b.enter("a:80")(core.Answer{Status: 429, RetryAfter: test.asked})
				other(core.Answer{Status: 429, RetryAfter: time.Second}) // does not shorten it
				if again := b.refused("a:80"); again < test.want || again > test.want+5*time.Second {
					t.Errorf("again after %s, want %s", again, test.want)
				}
				if s := b.state("a:80"); s.Paused != test.want {
					t.Errorf("got %+v", s)
				}
				b.enter("b:80")(ok)
				time.Sleep(test.want)
				b.enter("a:80")(ok)
				b.wantChanges()
			})
		})
	}
}

// Calls that are put off do not all come back at the instant at which the
// probe is made, nor in step with those of other workers.
func TestCallsThatAreBarredComeBackApart(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		b.fail("a:80", failures)
		tenths := map[int]int{}
		for range 5000 {
			again := b.refused("a:80")
			if again < openFor || again > openFor+23*time.Second {
				t.Fatalf("again after %s", again)
			}
			tenths[int(again/(100*time.Millisecond))]++
		}
		for tenth, n := range tenths {
			if n > 100 {
				t.Errorf("%d of 5000 come back after %d tenths of a second", n, tenth)
			}
		}
	})
}

// Workers that a target fails at the same time do not come back in step.
func TestWorkersComeBackApart(t *testing.T) {
	t.Parallel()
	first := map[time.Duration]bool{}
	for range 10 {
		in(t, targets.Config{}, func(_ *testing.T, b *bench) {
			b.fail("a:80", failures)
			first[b.refused("a:80")] = true
		})
	}
	if len(first) < 9 {
		t.Errorf("10 workers come back after %v", first)
	}
}

// What was learnt while a target hung does not hold once it answers again.
func TestTargetThatRecoversIsAsFastAsBefore(t *testing.T) {
	t.Parallel()
	in(t, targets.Config{}, func(t *testing.T, b *bench) {
		dones := b.fill("a:80", targets.DefaultConcurrency)
		time.Sleep(10 * time.Second)
		for _, done := range dones {
			done(failed)
		}
		time.Sleep(openFor + time.Millisecond)
		b.enter("a:80")(ok)
		if h := b.herd("a:80", 5000, time.Millisecond); len(h.refused) != 0 {
			t.Errorf("%d of 5000 calls were refused", len(h.refused))
		}
	})
}
