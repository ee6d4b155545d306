package core_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/worker/internal/core"
)

func TestLoadTellsWhatAWorkerHasInItsHands(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		answer := make(chan struct{})
		b.executor.Answer = func(context.Context, core.Call) core.Answer {
			<-answer
			return core.Answer{Verdict: core.Success}
		}
		worker := core.New(b.settings, b.ports())
		want := func(when string, want core.Load) {
			t.Helper()
			synctest.Wait()
			if got := worker.Load(); got != want {
				t.Errorf("%s: got %+v, want %+v", when, got, want)
			}
		}
		want("before it runs", core.Load{Concurrency: 4})
		for range 3 {
			b.put(b.trigger("held", 2*time.Second))
		}
		for range 6 {
			b.put(b.trigger("due", 0))
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); worker.Run(ctx) }()
		want("while four are called", core.Load{Concurrency: 4, Calls: 4, Active: 6, Held: 3})
		close(answer)
		want("when those are done", core.Load{Concurrency: 4, Held: 3})
		cancel()
		<-done
		want("after it has stopped", core.Load{Concurrency: 4})
	})
}
