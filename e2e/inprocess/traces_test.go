package inprocess_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	schedule "github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/tracetest"
	"github.com/weplanx/workflow/shared/tracing"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

// startTraced starts a scheduler and a worker that tell of what they do.
func startTraced(t *testing.T, server *natstest.Server, namespace string, traces tracing.Settings) (stop func()) {
	t.Helper()
	scheduler, err := schedule.New(t.Context(), schedule.Config{Config: settings(server, namespace), Tracing: traces})
	if err != nil {
		t.Fatalf("scheduler: %v", err)
	}
	stopScheduler := run(t, "scheduler", scheduler.Run)
	c := worker.Defaults()
	c.Config, c.EgressAllow, c.Tracing = settings(server, namespace), []string{"127.0.0.1"}, traces
	w, err := worker.New(t.Context(), c)
	if err != nil {
		t.Fatalf("worker: %v", err)
	}
	stopWorker := run(t, "worker", w.Run)
	return func() { stopScheduler(); stopWorker() }
}

// callbacks are requests by the ID of their occurrence.
type callbacks struct {
	url    string
	mu     sync.Mutex
	parent map[string][]string // values of traceparent
	came   chan struct{}       // gets one for each
}

// answering starts a target that answers with what status returns for the n-th
// attempt at an occurrence, from 1.
func answering(t *testing.T, status func(n int) int) *callbacks {
	t.Helper()
	c := &callbacks{parent: map[string][]string{}, came: make(chan struct{}, 1000)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(contract.HeaderID)
		c.mu.Lock()
		c.parent[id] = append(c.parent[id], r.Header.Get(contract.HeaderTrace))
		n := len(c.parent[id])
		c.mu.Unlock()
		w.WriteHeader(status(n))
		select {
		case c.came <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *callbacks) parents(id string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.parent[id])
}

// keep stores a schedule.
func keep(t *testing.T, server *natstest.Server, namespace, spec, url string) *client.Schedule {
	t.Helper()
	nc := server.Connect(t)
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	s, err := client.New(namespace, nc, js)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set("traced", common.HttpJob(spec, common.HttpOption{Url: url})); err != nil {
		t.Fatal(err)
	}
	return s
}

// ended is the trace of an occurrence that has ended. ok is false when there is
// none yet.
func ended(spans []tracetest.Span, outcome string) (trace []tracetest.Span, ok bool) {
	at := slices.IndexFunc(spans, func(s tracetest.Span) bool {
		return s.Attributes["schedule.record"] == contract.KindFinal && s.Attributes["schedule.outcome"] == outcome
	})
	if at < 0 {
		return nil, false
	}
	for _, s := range spans {
		if s.TraceID == spans[at].TraceID {
			trace = append(trace, s)
		}
	}
	return trace, len(tracetest.Named(trace, "fire")) > 0
}

// From when it fires to the request that its target gets, an occurrence is one
// trace, in which each attempt has a span of its own.
func TestOneTraceFromFireToCallback(t *testing.T) {
	t.Parallel()
	server, collector := natstest.Start(t), tracetest.Start(t)
	target := answering(t, func(n int) int {
		if n == 1 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	traces := collector.Settings()
	traces.Delay = "100"
	stop := startTraced(t, server, "ns", traces)
	keep(t, server, "ns", "@every 1s", target.url)
	collector.Await(t, "an occurrence has ended", func(spans []tracetest.Span) bool { _, ok := ended(spans, contract.OutcomeSuccess); return ok })
	stop()
	trace, _ := ended(collector.Spans(), contract.OutcomeSuccess)

	fires, attempts, takes, records := tracetest.Named(trace, "fire"), tracetest.Named(trace, "POST"), tracetest.Named(trace, "take"), tracetest.Named(trace, "record")
	if len(fires) != 1 || len(attempts) != 2 || len(takes) != 2 || len(records) != 3 || len(trace) != 8 {
		t.Fatalf("got %+v", trace)
	}
	fire := fires[0]
	if fire.Parent != "" || fire.Service() != "schedule" || fire.TraceID != fire.Attributes["messaging.message.id"] {
		t.Errorf("got %+v", fire)
	}
	for _, s := range trace {
		if s.SpanID != fire.SpanID && (s.Parent != fire.SpanID || s.Service() != "worker") {
			t.Errorf("got %+v, want a child of %s", s, fire.SpanID)
		}
	}
	parents := target.parents(fire.TraceID)
	for i, s := range attempts {
		if want := "00-" + fire.TraceID + "-" + s.SpanID + "-01"; i >= len(parents) || parents[i] != want {
			t.Errorf("the target got %q, want %s at attempt %d", parents, want, i+1)
		}
	}
	if a := attempts[0].Attributes; a["http.response.status_code"] != "503" || a["schedule.outcome"] != "retry" || a["schedule.attempt"] != "1" {
		t.Errorf("first attempt: got %v", a)
	}
	if a := attempts[1].Attributes; a["http.response.status_code"] != "200" || a["schedule.outcome"] != "success" || a["schedule.attempt"] != "2" {
		t.Errorf("second attempt: got %v", a)
	}
}

// A dead letter that is sent again has a trace of its own, which points to the
// one of the occurrence that died.
func TestTraceOfADeadLetterSentAgain(t *testing.T) {
	t.Parallel()
	server, collector := natstest.Start(t), tracetest.Start(t)
	target := answering(t, func(n int) int {
		if n == 1 {
			return http.StatusGone
		}
		return http.StatusOK
	})
	traces := collector.Settings()
	traces.Delay = "100"
	stop := startTraced(t, server, "ns", traces)
	s := keep(t, server, "ns", "@at "+time.Now().Add(10*time.Second).UTC().Format(time.RFC3339), target.url)
	dead, _ := ended(collector.Await(t, "an occurrence has failed", func(spans []tracetest.Span) bool {
		_, ok := ended(spans, contract.OutcomeFailed)
		return ok
	}), contract.OutcomeFailed)
	if _, err := s.ResendAll(t.Context(), "traced", client.DeadQuery{}); err != nil {
		t.Fatal(err)
	}
	again, _ := ended(collector.Await(t, "it was sent again", func(spans []tracetest.Span) bool {
		_, ok := ended(spans, contract.OutcomeSuccess)
		return ok
	}), contract.OutcomeSuccess)
	stop()
	if again[0].TraceID == dead[0].TraceID {
		t.Errorf("both have trace %s", again[0].TraceID)
	}
	for _, name := range []string{"fire", "POST"} {
		if s := tracetest.Named(again, name); len(s) != 1 || !slices.Equal(s[0].Links, []string{dead[0].TraceID}) {
			t.Errorf("got %+v, want a link to %s", s, dead[0].TraceID)
		}
	}
}

// A collector that takes requests and never answers holds up neither firing, nor
// callbacks, nor the end of the programs.
func TestCollectorThatHangsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	server, collector := natstest.Start(t), tracetest.Hanging(t)
	target := answering(t, func(int) int { return http.StatusOK })
	traces := collector.Settings()
	traces.Delay, traces.Queue, traces.Batch = "10", "2", "1" // full at once
	stop := startTraced(t, server, "ns", traces)
	keep(t, server, "ns", "@every 100ms", target.url)
	<-collector.Reached
	for range 30 {
		<-target.came
	}
	stop()
	target.mu.Lock()
	defer target.mu.Unlock()
	for id, parents := range target.parent {
		if len(parents) != 1 || !strings.HasPrefix(parents[0], "00-"+id) {
			t.Errorf("occurrence %s: got %q", id, parents)
		}
	}
}
