package mem

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Executor is core.Executor in memory: it answers what Answer says and keeps
// the calls.
type Executor struct {
	// Answer is called for each call. Nil: every call succeeds at once.
	Answer func(ctx context.Context, call core.Call) core.Answer

	mu    sync.Mutex
	calls []Made
}

// Made is a call that was made, and when.
type Made struct {
	core.Call
	At time.Time
}

// Execute implements core.Executor.
func (e *Executor) Execute(ctx context.Context, call core.Call) core.Answer {
	e.mu.Lock()
	e.calls = append(e.calls, Made{call, time.Now()})
	e.mu.Unlock()
	if e.Answer == nil {
		return core.Answer{Verdict: core.Success, Status: 200}
	}
	return e.Answer(ctx, call)
}

// Plan implements core.Executor: an option that is a JSON string is its own
// target, so that tests can choose.
func (e *Executor) Plan(option json.RawMessage) (p core.Plan) {
	_ = json.Unmarshal(option, &p.Target)
	return p
}

// Calls returns the calls so far, in the order in which they began.
func (e *Executor) Calls() []Made {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Made(nil), e.calls...)
}

// Takes answers with a success after d, or with a timeout when the call ends
// before.
func Takes(d time.Duration) func(context.Context, core.Call) core.Answer {
	return func(ctx context.Context, _ core.Call) core.Answer {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return core.Answer{Verdict: core.Success, Status: 200}
		case <-ctx.Done():
			return core.Answer{Class: contract.ErrorTimeout, Error: "no response in time"}
		}
	}
}
