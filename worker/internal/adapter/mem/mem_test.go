package mem_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestQueue(t *testing.T) {
	t.Parallel()
	porttest.RunQueue(t, func(_ *testing.T, ackWait time.Duration) porttest.Queue {
		q := mem.NewQueue(ackWait)
		return porttest.Queue{Queue: q, Put: func(_ *testing.T, key string, data []byte) { q.Put(key, data) }}
	})
}

func TestLog(t *testing.T) {
	t.Parallel()
	porttest.RunLog(t, func(*testing.T) porttest.Log {
		l := mem.NewLog()
		return porttest.Log{ResultLog: l, Records: func(*testing.T) []contract.Result { return l.Records() }}
	})
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	porttest.RunDeadLetters(t, func(*testing.T) porttest.DeadLetters {
		d := mem.NewDead()
		return porttest.DeadLetters{DeadLetters: d, Kept: func(*testing.T) []contract.Dead { return d.Letters() }}
	})
}

func TestStates(t *testing.T) {
	t.Parallel()
	porttest.RunStates(t, func(*testing.T) core.States { return mem.NewStates() })
}

func TestEvents(t *testing.T) {
	t.Parallel()
	porttest.RunEvents(t, func(*testing.T) porttest.Events {
		s := mem.NewEvents()
		return porttest.Events{EventSource: s, Publish: func(_ *testing.T, key string, data []byte) func() contract.Result {
			answer := make(chan contract.Result, 1)
			s.Publish(core.Event{Key: key, Data: data, Reply: func(r contract.Result) error { answer <- r; return nil }})
			return func() contract.Result { return <-answer }
		}}
	})
}

func TestCompletions(t *testing.T) {
	t.Parallel()
	porttest.RunCompletions(t, func(*testing.T) porttest.Completions {
		s := mem.NewCompletions()
		return porttest.Completions{CompletionSource: s, Publish: func(_ *testing.T, token string, data []byte) func() string {
			answer := make(chan string, 1)
			s.Publish(core.Completion{Token: token, Data: data, Reply: func(err error) error {
				if err == nil {
					answer <- ""
				} else {
					answer <- err.Error()
				}
				return nil
			}})
			return func() string { return <-answer }
		}}
	})
}

func TestTargets(t *testing.T) {
	t.Parallel()
	porttest.RunTargets(t, func(*testing.T) porttest.Targets {
		var refused, full sync.Map
		s := &mem.Targets{Refuse: func(ctx context.Context, target string) time.Duration {
			if _, is := refused.Load(target); is {
				return time.Minute
			}
			if wait, is := full.Load(target); is {
				select {
				case <-wait.(chan struct{}): //nolint:forcetypeassert // stored below
				case <-ctx.Done():
				}
			}
			return 0
		}}
		return porttest.Targets{
			Targets: s,
			Refuse:  func(_ *testing.T, target string) { refused.Store(target, true) },
			Full: func(_ *testing.T, target string) func() {
				wait := make(chan struct{})
				full.Store(target, wait)
				return sync.OnceFunc(func() { close(wait) })
			},
		}
	})
}
