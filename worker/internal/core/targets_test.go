package core_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
)

// at puts a trigger whose call goes to target.
func (b *bench) at(target string) {
	b.t.Helper()
	trigger := b.trigger("k", 0)
	b.calls++
	trigger.ID += fmt.Sprint("-", b.calls) // there are others of that key
	trigger.Option, _ = json.Marshal(target)
	b.put(trigger)
}

// hanging has calls of target wait for a second, and come again after a while.
func hanging(target string, again time.Duration) func(context.Context, string) time.Duration {
	return func(ctx context.Context, asked string) time.Duration {
		if asked != target {
			return 0
		}
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		return again
	}
}

func TestBusyTargetIsAskedAgainLater(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		began := time.Now()
		b.targets.Refuse = func(context.Context, string) time.Duration {
			if time.Since(began) < time.Minute {
				return 7 * time.Second
			}
			return 0
		}
		b.at("a:80")
		b.start()
		b.after(2 * time.Minute)
		if got := b.made(); !slices.Equal(got, []time.Duration{63 * time.Second}) {
			t.Errorf("called at %v", got)
		}
		if calls := b.executor.Calls(); calls[0].Attempt != 1 {
			t.Errorf("got attempt %d: waiting has used attempts up", calls[0].Attempt)
		}
		b.wantLeft(0)
	})
}

// Triggers that come again and again burden the queue, for all of them.
func TestTheLongerATargetIsBusyTheRarerItIsAsked(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.targets.Refuse = func(context.Context, string) time.Duration { return time.Second }
		b.at("a:80")
		b.start()
		b.after(2 * time.Hour)
		returned := b.monitor.HandedBack()
		if n := len(returned); n < 20 || n > 70 {
			t.Errorf("asked %d times within an hour", n)
		}
		for i, r := range returned[1:] {
			if r.Delay < returned[i].Delay || r.Delay > core.MaxBackoff {
				t.Errorf("asked again after %s, then after %s", returned[i].Delay, r.Delay)
			}
		}
		b.wantCalls(0)
		b.wantLeft(0)
	})
}

func TestTargetIsToldHowItsCallEnded(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = unavailable
		trigger := b.trigger("k", 0)
		trigger.Option, trigger.Attempts = json.RawMessage(`"a:80"`), 2
		b.put(trigger)
		b.start()
		b.after(time.Minute)
		ended := b.targets.Ended()
		if len(ended) != 2 || ended[0].Target != "a:80" || ended[0].Answer.Status != 503 || b.targets.Inside("a:80") != 0 {
			t.Errorf("got %+v", ended)
		}
	})
}

// However many triggers of a target that hangs there are, the others are called
// at once: waiting takes no slot, and is no reason to ask for less.
func TestHangingTargetLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Concurrency = 2
		b.targets.Refuse = hanging("slow:80", 10*time.Second)
		for range 500 {
			b.at("slow:80")
		}
		for range 5 {
			b.at("fine:80")
		}
		b.start()
		b.after(0)
		b.wantCalls(5)
		b.wantLeft(500)
	})
}

func TestWaitingForTargetsIsLimited(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Concurrency, b.settings.MaxHeld = 2, 10
		var waiting, most atomic.Int64
		b.targets.Refuse = func(ctx context.Context, target string) time.Duration {
			now := waiting.Add(1)
			for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
			}
			defer waiting.Add(-1)
			return hanging(target, 10*time.Second)(ctx, target)
		}
		for range 500 {
			b.at("slow:80")
		}
		b.start()
		b.after(time.Second / 2)
		if limit := b.settings.MaxHeld + 2*b.settings.Concurrency; most.Load() > int64(limit) {
			t.Errorf("%d triggers waited at once, want at most %d", most.Load(), limit)
		}
	})
}

func TestPlaceIsGivenBackWhenThereIsNoCall(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]time.Duration{"it expired": 10 * time.Second, "the worker stopped": time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.settings.Concurrency = 1
				b.executor.Answer = mem.Takes(5 * time.Second)
				for range 2 {
					trigger := b.trigger("k", 0)
					trigger.ID += fmt.Sprint("-", b.queue.Len())
					trigger.Option, trigger.Deadline = json.RawMessage(`"a:80"`), contract.Duration(2*time.Second)
					b.put(trigger)
				}
				stop := b.start()
				b.after(wait)
				stop()
				b.wantCalls(1)
				ended := b.targets.Ended()
				if n := b.targets.Inside("a:80"); n != 0 || len(ended) != 2 {
					t.Fatalf("%d places are still taken, %d calls have ended", n, len(ended))
				}
				classes := []string{ended[0].Answer.Class, ended[1].Answer.Class}
				if slices.Sort(classes); !slices.Equal(classes, []string{"", contract.ErrorStopped}) {
					t.Errorf("the target was told of %q", classes)
				}
			})
		})
	}
}

func TestStopWhileItWaitsForItsTarget(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.targets.Refuse = hanging("slow:80", 10*time.Second)
		b.at("slow:80")
		stop := b.start()
		b.after(time.Second / 2)
		before := time.Now()
		stop()
		if took := time.Since(before); took != 0 {
			t.Errorf("stopped after %s", took)
		}
		if got := b.monitor.HandedBack(); len(got) != 1 || got[0].Delay != 0 {
			t.Errorf("handed back: %+v", got)
		}
	})
}

func TestEventOfABusyTargetFails(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.targets.Refuse = hanging("slow:80", 10*time.Second)
		b.events.Publish(core.Event{Key: "k", Data: []byte(`{"mode":"HTTP","option":"slow:80"}`)})
		b.events.Publish(core.Event{Key: "k", Data: []byte(`{"mode":"HTTP","option":"fine:80"}`)})
		b.start()
		b.after(2 * time.Second)
		b.wantCalls(1)
		var got []string
		for _, r := range b.log.Records() {
			got = append(got, r.Kind+" "+r.Outcome+" "+r.ErrorClass)
		}
		if want := []string{"attempt success ", "final success ", "final failed busy"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
