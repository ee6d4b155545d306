package oteltrace_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
)

// answering is an executor that answers all calls alike.
func answering(a core.Answer) *mem.Executor {
	return &mem.Executor{Answer: func(context.Context, core.Call) core.Answer { return a }}
}

func TestAttemptIsAChildOfTheFirstSpan(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	inner := answering(core.Answer{Verdict: core.Success, Status: 204})
	c := httpCall(`{"url":"https://example.com:8443/secret","method":"PUT"}`)
	c.Plan.Target = "example.com:8443"
	if a := b.executor(inner).Execute(t.Context(), c); a.Status != 204 {
		t.Errorf("got answer %+v", a)
	}
	spans := b.spans()
	if len(spans) != 2 {
		t.Fatalf("got %+v", spans)
	}
	take, attempt := spans[0], spans[1]
	root := contract.RootSpan(id)
	for _, s := range spans {
		if s.TraceID != id || s.Parent != hex.EncodeToString(root[:]) || len(s.Links) != 0 || s.Failed {
			t.Errorf("got %+v", s)
		}
		checkAttributes(t, s, map[string]string{
			"schedule.namespace": "beta", "schedule.key": "report", "schedule.index": "3", "schedule.mode": "HTTP",
			"schedule.time": "2026-01-02T03:04:05Z", "schedule.attempt": "2",
		})
	}
	if take.Name != "take" || take.Kind != "consumer" || take.Start.Sub(c.Taken).Abs() > time.Microsecond || take.End.After(attempt.Start.Add(time.Millisecond)) {
		t.Errorf("got %+v", take)
	}
	checkAttributes(t, take, map[string]string{
		"messaging.system": "nats", "messaging.destination.name": "beta.triggers.HTTP.report", "messaging.message.id": id,
		"messaging.operation.type": "receive", "messaging.operation.name": "take",
	})
	if attempt.Name != "PUT" || attempt.Kind != "client" {
		t.Errorf("got %+v", attempt)
	}
	checkAttributes(t, attempt, map[string]string{
		"http.request.method": "PUT", "server.address": "example.com", "server.port": "8443", "http.request.resend_count": "1",
		"http.response.status_code": "204", "schedule.outcome": "success", "schedule.error_class": "", "error.type": "", "url.full": "",
	})
	made := inner.Calls()[0]
	if !made.Sampled || hex.EncodeToString(made.Span[:]) != attempt.SpanID {
		t.Errorf("the target is given span %x, sampled %v; want %s", made.Span, made.Sampled, attempt.SpanID)
	}
}

func TestOutcomesOfAttempts(t *testing.T) {
	t.Parallel()
	stopped, cancel := context.WithCancelCause(t.Context())
	cancel(core.ErrStopped)
	for name, test := range map[string]struct {
		answer core.Answer
		change func(*core.Call)
		ctx    context.Context
		want   map[string]string
	}{
		"retried": {
			answer: core.Answer{Status: 503, Class: contract.ErrorStatus, Error: "status 503 Service Unavailable"},
			want:   map[string]string{"schedule.outcome": "retry", "schedule.error_class": "status", "error.type": "503", "http.response.status_code": "503"},
		},
		"the last one": {
			answer: core.Answer{Class: contract.ErrorTimeout, Error: "no response in time"}, change: func(c *core.Call) { c.Attempt = 5 },
			want: map[string]string{"schedule.outcome": "dead", "schedule.error_class": "timeout", "error.type": "timeout", "http.response.status_code": ""},
		},
		"permanent": {
			answer: core.Answer{Verdict: core.Permanent, Class: contract.ErrorEgress, Error: "refused"},
			want:   map[string]string{"schedule.outcome": "failed", "error.type": "egress"},
		},
		"stopped": {
			answer: core.Answer{Class: contract.ErrorTimeout, Error: "no response in time"}, ctx: stopped, change: func(c *core.Call) { c.Attempt = 5 },
			want: map[string]string{"schedule.outcome": "retry", "error.type": "stopped"},
		},
		"event": {
			answer: core.Answer{Class: contract.ErrorConnect, Error: "refused"}, change: func(c *core.Call) { c.Attempts, c.Attempt = 0, 1 },
			want: map[string]string{"schedule.outcome": "failed", "error.type": "connect"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, c, ctx := setup(t, nil), httpCall(`{}`), test.ctx
			if test.change != nil {
				test.change(&c)
			}
			if ctx == nil {
				ctx = t.Context()
			}
			b.executor(answering(test.answer)).Execute(ctx, c)
			attempt := b.spans()[1]
			if !attempt.Failed || attempt.Message != test.answer.Error {
				t.Errorf("got %+v", attempt)
			}
			checkAttributes(t, attempt, test.want)
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	for option, want := range map[string][2]string{
		``: {"POST", "POST"}, `{}`: {"POST", "POST"}, `{"method":"GET"}`: {"GET", "GET"}, `{"method":"canary"}`: {"HTTP", "_OTHER"}, `[`: {"POST", "POST"},
	} {
		b := setup(t, nil)
		b.executor(answering(core.Answer{Verdict: core.Success})).Execute(t.Context(), httpCall(option))
		attempt := b.spans()[1]
		if attempt.Name != want[0] {
			t.Errorf("%s: got name %s", option, attempt.Name)
		}
		checkAttributes(t, attempt, map[string]string{"http.request.method": want[1], "server.address": ""})
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for option, want := range map[string][2]string{`{"subject":"report.secret"}`: {"publish", "producer"}, `{"request":true}`: {"request", "client"}} {
		b, c := setup(t, nil), call(contract.ModeNATS, option)
		c.Plan.Target = "nats:report"
		b.executor(answering(core.Answer{Verdict: core.Success, Status: 7})).Execute(t.Context(), c)
		attempt := b.spans()[1]
		if attempt.Name != want[0] || attempt.Kind != want[1] {
			t.Errorf("got %+v", attempt)
		}
		checkAttributes(t, attempt, map[string]string{
			"messaging.system": "nats", "messaging.destination.name": "beta.jobs.report", "messaging.operation.name": want[0],
			"http.request.method": "", "http.response.status_code": "",
		})
	}
}

// What is sent again has a trace of its own, which points to the first one.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	b, c := setup(t, nil), httpCall(`{}`)
	c.ID = id + "-1"
	b.executor(&mem.Executor{}).Execute(t.Context(), c)
	attempt := b.spans()[1]
	if attempt.TraceID != contract.TraceID(c.ID) || len(attempt.Links) != 1 || attempt.Links[0] != id {
		t.Errorf("got %+v", attempt)
	}
	checkAttributes(t, attempt, map[string]string{"schedule.origin": id})
}

// An event has no scheduler: its attempt is the first span.
func TestEvent(t *testing.T) {
	t.Parallel()
	b, c := setup(t, nil), httpCall(`{}`)
	c.ID, c.Taken, c.Attempts = contract.EventPrefix+id, time.Time{}, 0
	c.WebhookID = c.ID
	b.executor(&mem.Executor{}).Execute(t.Context(), c)
	record := contract.Result{Kind: contract.KindFinal, ID: c.ID, Key: c.Key, Attempt: 1, Outcome: contract.OutcomeSuccess}
	if err := b.log(mem.NewLog()).Append(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	spans := b.spans()
	root := contract.RootSpan(c.ID)
	if len(spans) != 2 || spans[0].Parent != "" || spans[0].SpanID != hex.EncodeToString(root[:]) || spans[1].Parent != spans[0].SpanID || spans[1].TraceID != spans[0].TraceID {
		t.Errorf("got %+v", spans)
	}
}

func TestUnsampledAttempts(t *testing.T) {
	t.Parallel()
	b := setup(t, func(s *tracing.Settings) { s.Sampler = "always_off" })
	inner := &mem.Executor{}
	b.executor(inner).Execute(t.Context(), httpCall(`{}`))
	if made := inner.Calls()[0]; made.Sampled || made.Span != (contract.SpanID{}) {
		t.Errorf("the target is given span %x, sampled %v", made.Span, made.Sampled)
	}
	if spans := b.spans(); len(spans) != 0 {
		t.Errorf("got %+v", spans)
	}
}

// The core survives an executor that panics, and the span tells of it.
func TestPanic(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	e := b.executor(&mem.Executor{Answer: func(context.Context, core.Call) core.Answer { panic("boom") }})
	func() {
		defer func() { _ = recover() }()
		e.Execute(t.Context(), httpCall(`{}`))
	}()
	spans := b.spans()
	if len(spans) != 2 || !spans[1].Failed || bytes.Contains(b.collector.Sent(), []byte("boom")) {
		t.Errorf("got %+v", spans)
	}
	checkAttributes(t, spans[1], map[string]string{"schedule.outcome": "failed", "error.type": "invalid"})
}
