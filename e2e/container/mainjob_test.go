//go:build e2e

package container_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// app is the namespace of the main job.
const app = "app"

// request is what arrived at a target.
type request struct {
	method string
	header http.Header
	body   map[string]any
}

// listen is a target on the site's gateway; requests come on the channel.
func (s *site) listen() (url string, requests <-chan request) {
	s.t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(s.t.Context(), "tcp", s.front.gateway+":0")
	if err != nil {
		s.t.Fatal(err)
	}
	arrived := make(chan request, 1000)
	target := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		in := request{method: r.Method, header: r.Header}
		data, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(data, &in.body)
		}
		if err != nil {
			s.t.Errorf("body: %v", err)
		}
		arrived <- in
	}))
	_ = target.Listener.Close()
	target.Listener = listener
	target.Start()
	s.t.Cleanup(target.Close)
	return target.URL, arrived
}

// The documents' job: stored with the client, its callback arrives, the log
// tells, the state is right, and once removed it fires no more.
func TestMainJob(t *testing.T) {
	t.Parallel()
	s := on(t, mainCluster)
	s.startScheduler(app)
	s.startWorker(app)
	url, requests := s.listen()
	nc := s.as(app + ".client")
	js, err := nc.JetStream(nats.PublishAsyncMaxPending(256))
	if err != nil {
		t.Fatal(err)
	}
	schedule, err := client.New(app, nc, js)
	if err != nil {
		t.Fatal(err)
	}
	job := common.HttpJob("@every 2s", common.HttpOption{
		Url:     url,
		Headers: map[string]string{"X-Tenant": "t1"},
		Body:    map[string]interface{}{"name": "kain"},
	})
	if err := schedule.Set("test", job); err != nil {
		t.Fatal(err)
	}

	got := receive(t, requests)
	checkCallback(t, got)
	nominal, err := time.Parse(time.RFC3339Nano, got.header.Get(contract.HeaderTime))
	if err != nil {
		t.Errorf("%s: %v", contract.HeaderTime, err)
	}
	checkState(t, schedule, nominal)
	checkLog(t, schedule, got.header.Get(contract.HeaderID))

	if err := schedule.Remove("test"); err != nil {
		t.Fatal(err)
	}
	removed := time.Now()
	if keys, err := schedule.List(); err != nil || len(keys) != 0 {
		t.Errorf("List = %q, %v after the only key was removed", keys, err)
	}
	checkSilence(t, requests, removed.Add(contract.EffectDelay))
}

func receive(t *testing.T, requests <-chan request) request {
	t.Helper()
	select {
	case r := <-requests:
		return r
	case <-time.After(patience):
		t.Fatal("no callback arrived")
		return request{}
	}
}

func checkCallback(t *testing.T, r request) {
	t.Helper()
	if r.method != http.MethodPost || r.body["name"] != "kain" {
		t.Errorf("%s with body %v, want POST with what was set", r.method, r.body)
	}
	for name, want := range map[string]string{
		"X-Tenant":               "t1",
		contract.HeaderNamespace: app,
		contract.HeaderKey:       "test",
		contract.HeaderIndex:     "0",
		contract.HeaderAttempt:   "1",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
}

// checkState wants the occurrence that was called, or one after it, as the
// previous one, and soon, for a scheduler may be late, the next one in the future at
// most two intervals away from it.
func checkState(t *testing.T, schedule *client.Schedule, called time.Time) {
	t.Helper()
	for limit := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		jobs, err := schedule.Get("test")
		if err != nil || len(jobs) != 1 {
			t.Fatalf("Get = %d jobs, %v, want one", len(jobs), err)
		}
		state := jobs[0].State
		right := !state.Prev.Before(called) && state.Next.After(state.Prev)
		if right && state.Next.Sub(state.Prev) <= 4*time.Second {
			return
		}
		if !right || time.Now().After(limit) {
			t.Fatalf("state: prev %s, next %s after the occurrence of %s was called", state.Prev, state.Next, called)
		}
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
		if r.Outcome != contract.OutcomeSuccess || r.Status != http.StatusOK {
			t.Errorf("final record %+v, want success with status 200", r)
		}
		return
	}
	t.Fatalf("the log ended without a final record of %s", id)
}

// checkSilence drains what comes, for some seconds, and wants no occurrence after a
// time.
func checkSilence(t *testing.T, requests <-chan request, from time.Time) {
	t.Helper()
	until := time.After(time.Until(from) + 5*time.Second)
	for {
		select {
		case r := <-requests:
			nominal, err := time.Parse(time.RFC3339Nano, r.header.Get(contract.HeaderTime))
			if err != nil || nominal.After(from) {
				t.Errorf("the occurrence of %s was called although the schedule was removed, %v", nominal, err)
			}
		case <-until:
			return
		}
	}
}
