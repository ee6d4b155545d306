//go:build e2e

package container_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/receiver"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// app is the namespace of the main job.
const app = "app"

// The documents' job, beside others: stored with the client, its callback
// arrives, the log tells, the state is right, and once removed it fires no more.
// Another one fires in the hours of a zone.
func TestMainJob(t *testing.T) {
	t.Parallel()
	l := on(t, mainCluster).begin(app)
	calls := make(chan receiver.Call, 1000)
	l.during(func(c receiver.Call) {
		if c.Key == "test" {
			calls <- c
		}
	})
	nc := l.as(app + ".client")
	js, err := nc.JetStream(nats.PublishAsyncMaxPending(256))
	l.must(err)
	schedule, err := client.New(app, nc, js)
	l.must(err)
	job := common.HttpJob("@every 2s", common.HttpOption{
		Url:     l.target,
		Headers: map[string]string{"X-Tenant": "t1"},
		Body:    map[string]interface{}{"name": "kain"},
	})
	l.must(schedule.Set("test", job))
	l.Book("test", ledger.Times{Every: 2 * time.Second})
	l.must(schedule.Set("zoned", zoned(l.target)))
	l.Book("zoned", ledger.Times{Every: 2 * time.Second, Whole: true})

	got := receive(t, calls)
	checkCallback(t, got)
	checkState(t, schedule, got.Scheduled)
	checkLog(t, schedule, got.ID)
	l.Await(3, patience)

	l.must(schedule.Remove("test"))
	if keys, err := schedule.List(); err != nil || slices.Contains(keys, "test") || !slices.Contains(keys, "zoned") {
		t.Errorf("List = %q, %v after one key was removed", keys, err)
	}
	l.Finish(ledger.Rules{Published: true})
}

// zoned fires at even seconds of this hour and the next in a zone that is eight
// hours ahead; without its zone, or in another, it would not fire now.
func zoned(url string) common.Job {
	hour := time.Now().UTC().Hour() + 8
	spec := fmt.Sprintf("*/2 * %d,%d * * *", hour%24, (hour+1)%24)
	job := common.HttpJob(spec, common.HttpOption{Url: url})
	job.Timezone = "Asia/Shanghai"
	return job
}

func receive(t *testing.T, calls <-chan receiver.Call) receiver.Call {
	t.Helper()
	select {
	case c := <-calls:
		return c
	case <-time.After(patience):
		t.Fatal("no callback arrived")
		return receiver.Call{}
	}
}

func checkCallback(t *testing.T, c receiver.Call) {
	t.Helper()
	if string(c.Body) != `{"name":"kain"}` {
		t.Errorf("body %s, want what was set", c.Body)
	}
	for name, want := range map[string]string{
		"X-Tenant":               "t1",
		contract.HeaderNamespace: app,
		contract.HeaderKey:       "test",
		contract.HeaderIndex:     "0",
		contract.HeaderAttempt:   "1",
	} {
		if got := c.Header.Get(name); got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
}

// checkState wants the occurrence that was called, or one after it, as the
// previous one, and the next one in the future at most an interval away.
func checkState(t *testing.T, schedule *client.Schedule, called time.Time) {
	t.Helper()
	jobs, err := schedule.Get("test")
	if err != nil || len(jobs) != 1 {
		t.Fatalf("Get = %d jobs, %v, want one", len(jobs), err)
	}
	state := jobs[0].State
	if state.Prev.Before(called) || state.Next.Sub(state.Prev) > 4*time.Second || !state.Next.After(state.Prev) {
		t.Errorf("state: prev %s, next %s after the occurrence of %s was called", state.Prev, state.Next, called)
	}
}

// checkLog waits for the final record of an occurrence.
func checkLog(t *testing.T, schedule *client.Schedule, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for r, err := range schedule.Results(ctx, "test", client.ResultQuery{Follow: true}) {
		if err != nil {
			t.Fatalf("no final record of %s: %v", id, err)
		}
		if r.ID != id || r.Kind != contract.KindFinal {
			continue
		}
		if r.Outcome != contract.OutcomeSuccess || r.Status != http.StatusNoContent {
			t.Errorf("final record %+v, want success with status 204", r)
		}
		return
	}
	t.Fatalf("the log ended without a final record of %s", id)
}
