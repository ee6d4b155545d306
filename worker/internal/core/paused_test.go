package core_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// paused runs a worker that is paused for d after its request of that number, as
// by a virtual machine that is moved. Nothing of it runs meanwhile, so that the
// queue gives its triggers to others. reached says whether it came so far.
func (b *bench) paused(request int64, d time.Duration) (reached func() bool) {
	var made atomic.Int64
	m := &mortal{then: func() {
		if made.Add(1) == request {
			time.Sleep(d)
		}
	}}
	settings := b.settings
	b.settings.Extend, b.settings.Turn = time.Hour, 4*time.Hour // so that neither is prolonged
	b.run("paused", m)
	b.settings = settings
	return func() bool { return made.Load() >= request }
}

// Wherever a worker is paused for longer than the log remembers what it has,
// there is one final record, and no dead letter of what succeeded.
func TestPausedWorkerWritesNoSecondEnd(t *testing.T) {
	t.Parallel()
	fails := func(context.Context, core.Call) core.Answer { return core.Answer{Verdict: core.Permanent, Status: 404} }
	for name, prepare := range map[string]func(b *bench) contract.Trigger{
		"success": func(b *bench) contract.Trigger { return b.put(b.trigger("k", 0)) },
		"success behind another": func(b *bench) contract.Trigger {
			b.put(b.trigger("k", 0))
			return b.put(b.trigger("k", time.Second))
		},
		"failure": func(b *bench) contract.Trigger {
			b.executor.Answer = fails
			return b.put(b.trigger("k", 0))
		},
		"last attempt": func(b *bench) contract.Trigger {
			b.executor.Answer = unavailable
			trigger := b.trigger("k", 0)
			trigger.Attempts = 2
			return b.put(trigger)
		},
		"expired": func(b *bench) contract.Trigger {
			trigger := b.put(b.trigger("k", 0))
			b.after(2 * time.Hour)
			return trigger
		},
		"missed": func(b *bench) contract.Trigger {
			trigger := b.trigger("k", 0)
			trigger.Mode, trigger.Missed = contract.ModeMissed, &contract.Missed{From: b.began, To: b.began, Count: 1}
			return b.put(trigger)
		},
		"garbage": func(b *bench) contract.Trigger {
			trigger := b.trigger("k", 0)
			trigger.Mode = "FTP"
			return b.put(trigger)
		},
		"skipped": func(b *bench) contract.Trigger {
			trigger := b.trigger("k", 0)
			trigger.Overlap = contract.OverlapSkip
			b.occupy(trigger, 30*time.Minute)
			return b.put(trigger)
		},
		"completion that was reported": func(b *bench) contract.Trigger { return b.unwritten("success") },
		"completion that failed":       func(b *bench) contract.Trigger { return b.unwritten("failed") },
		"completion that is lost": func(b *bench) contract.Trigger {
			trigger := b.open()
			b.after(2 * time.Hour)
			return trigger
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for request, more := int64(1), true; more; request++ {
				in(t, func(b *bench) {
					trigger := prepare(b)
					reached := b.paused(request, 3*time.Minute)
					b.after(time.Second)
					b.start()
					b.after(3 * time.Hour)
					b.wantOneEnd(trigger.ID, fmt.Sprintf("paused after request %d", request))
					more = reached()
				})
			}
		})
	}
}

// wantOneEnd wants all that was put to have ended, and that occurrence once.
func (b *bench) wantOneEnd(id, when string) {
	b.t.Helper()
	b.wantLeft(0)
	var ends []string
	for _, kind := range b.kinds(id) {
		if !strings.HasPrefix(kind, contract.KindAttempt+" ") {
			ends = append(ends, kind)
		}
	}
	if len(ends) != 1 {
		b.t.Errorf("%s: got ends %q", when, ends)
	}
	if succeeded := slices.Equal(ends, []string{"final success"}); succeeded && len(b.dead.Letters()) > 0 {
		b.t.Errorf("%s: a dead letter of what succeeded", when)
	}
}

// occupy has another occurrence of the trigger's job run for that long, one
// whose worker is not heard of.
func (b *bench) occupy(t contract.Trigger, d time.Duration) {
	b.t.Helper()
	other := t
	other.ID, other.Due = "other", t.Due.Add(-time.Second)
	settings := b.settings
	b.settings.Turn = d
	b.put(other)
	b.executor.Answer = accepts
	stop := b.start()
	b.after(time.Second)
	stop()
	b.settings = settings
	b.wantCalls(1)
}

// open has the target accept the call of a trigger, and stops the worker then.
func (b *bench) open() contract.Trigger {
	b.t.Helper()
	b.executor.Answer = accepts
	trigger := b.put(b.trigger("k", 0))
	stop := b.start()
	b.after(time.Second)
	stop()
	b.wantCalls(1)
	return trigger
}

// unwritten is open, and then the target reports to a worker that does not get to
// write the end.
func (b *bench) unwritten(outcome string) contract.Trigger {
	b.t.Helper()
	trigger := b.open()
	b.after(time.Minute)
	b.mustReportUnwritten(outcome)
	b.after(10 * time.Minute)
	return trigger
}
