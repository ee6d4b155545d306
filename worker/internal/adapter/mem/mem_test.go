package mem_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQueue(t *testing.T) {
	t.Parallel()
	porttest.RunQueue(t, func(*testing.T) porttest.Queue {
		const ackWait = 500 * time.Millisecond
		q := mem.NewQueue(ackWait)
		return porttest.Queue{
			Queue: q, AckWait: ackWait,
			Put: func(_ *testing.T, key string, data []byte) { q.Put(key, data) },
		}
	})
}

func TestLog(t *testing.T) {
	t.Parallel()
	porttest.RunLog(t, func(*testing.T) porttest.Log {
		l := mem.NewLog()
		return porttest.Log{ResultLog: l, Records: func(*testing.T) []contract.Result { return l.Records() }}
	})
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
