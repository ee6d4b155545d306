package natsexec_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/worker/internal/adapter/natsexec"
	"github.com/weplanx/workflow/worker/internal/core"
)

// limited is an executor whose credential may not publish below beta.jobs.secret.
func limited(t *testing.T) *natsexec.Executor {
	t.Helper()
	s := natstest.Start(t, natstest.WithOptions(func(o *server.Options) {
		o.Users = []*server.User{{Username: "worker", Password: "p", Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Deny: []string{"beta.jobs.secret.>"}},
		}}}
	}))
	return executor(s.ConnectAs(t, "worker", "p"))
}

// A server tells of a forbidden subject, and takes the flush all the same.
func TestForbiddenSubject(t *testing.T) {
	t.Parallel()
	e := limited(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 2 {
		wantForbidden(t, e.Execute(ctx, call(`{"subject":"secret.x"}`)))
		if a := e.Execute(ctx, call(`{"subject":"open.x"}`)); a.Verdict != core.Success {
			t.Errorf("allowed: got %+v", a)
		}
	}
}

// The server answers a request that it refuses with nothing: the error has to end
// the wait.
func TestForbiddenRequestIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	e := limited(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	began := time.Now()
	wantForbidden(t, e.Execute(ctx, call(`{"subject":"secret.y","request":true}`)))
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %s to notice", took)
	}
}

// Regression guard: of the errors of a connection only the last one was looked at,
// so that a message was taken for delivered which the server had refused, when
// another was refused a moment later.
func TestForbiddenSubjectsAtOnce(t *testing.T) {
	t.Parallel()
	e := limited(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for n := range 50 {
				if i%4 == 0 {
					if a := e.Execute(ctx, call(`{"subject":"open.x"}`)); a.Verdict != core.Success {
						t.Errorf("allowed: got %+v", a)
					}
					continue
				}
				wantForbidden(t, e.Execute(ctx, call(fmt.Sprintf(`{"subject":"secret.%d.%d"}`, i, n))))
			}
		})
	}
	group.Wait()
}

func wantForbidden(t *testing.T, a core.Answer) {
	t.Helper()
	if a.Verdict != core.Permanent || a.Class != contract.ErrorEgress || a.TraceID != occurrence {
		t.Errorf("forbidden: got %+v", a)
	}
}
