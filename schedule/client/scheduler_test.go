package client_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
)

// scheduler runs a scheduler on the server until stop or the end of the test.
func (b *bundle) scheduler(t testing.TB) (stop func()) {
	t.Helper()
	c := bootstrap.Config{Config: config.Defaults("")}
	c.Namespace, c.Log = namespace, logging.New(config.ModeDebug, io.Discard)
	app, err := bootstrap.NewWithConn(limited(t), c, b.server.Connect(t))
	noError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// state polls the first job's state until it is as wanted.
func (b *bundle) state(t testing.TB, wanted func(common.State) bool) common.State {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		jobs, err := b.Get("a")
		noError(t, err)
		state := jobs[0].State
		if wanted(state) {
			return state
		}
		if time.Now().After(deadline) {
			t.Fatalf("state stays %+v", state)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// lastTrigger is the nominal time of the newest trigger of the key "a".
func (b *bundle) lastTrigger(t testing.TB) time.Time {
	t.Helper()
	msg, err := b.js.GetLastMsg(b.names.TriggerStream(), b.names.Trigger(contract.ModeHTTP, "a"))
	if errors.Is(err, nats.ErrMsgNotFound) {
		return time.Time{}
	}
	noError(t, err)
	trigger, err := contract.Decode[contract.Trigger](msg.Data)
	noError(t, err)
	return trigger.Scheduled
}

// What the client says agrees with what a scheduler does, over a pause too.
func TestStateAgreesWithTheScheduler(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.scheduler(t)
	noError(t, b.Set("a", job("@every 500ms")))
	set, err := b.Entry("a")
	noError(t, err)

	first := b.state(t, func(s common.State) bool { return !s.Prev.IsZero() })
	if since := first.Prev.Sub(set.Stored); since <= 0 || since%(500*time.Millisecond) != 0 {
		t.Errorf("prev is %s after it was stored, want a multiple of 500ms", since)
	}
	if fired := time.Since(set.Stored); fired < contract.EffectDelay {
		t.Errorf("prev is there %s after it was stored, before it could fire", fired)
	}
	if !first.Next.After(first.Prev) {
		t.Errorf("state is %+v", first)
	}

	noError(t, b.Pause("a"))
	paused, err := b.Entry("a")
	noError(t, err)
	end := paused.Stored.Add(contract.EffectDelay)
	last := b.state(t, func(s common.State) bool { return !s.Prev.Before(end.Add(-500 * time.Millisecond)) })
	if !last.Next.IsZero() || !last.Prev.Before(end) || !last.Prev.Equal(b.lastTrigger(t)) {
		t.Errorf("state is %+v, the last trigger %s, the pause holds from %s", last, b.lastTrigger(t), end)
	}

	noError(t, b.Resume("a"))
	resumed, err := b.Entry("a")
	noError(t, err)
	again := b.state(t, func(s common.State) bool { return s.Prev.After(last.Prev) })
	if !again.Prev.After(resumed.Stored) || again.Prev.Sub(set.Stored)%(500*time.Millisecond) != 0 {
		t.Errorf("prev is %s after the resume at %s, set at %s", again.Prev, resumed.Stored, set.Stored)
	}
}
