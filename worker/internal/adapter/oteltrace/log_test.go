package oteltrace_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/adapter/oteltrace"
	"github.com/weplanx/workflow/worker/internal/core"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func (b *bench) log(inner core.ResultLog) *oteltrace.Log {
	return oteltrace.NewLog(inner, b.provider.Tracer(), "beta")
}

// What is wrapped is a log like any other, with or without spans.
func TestLogConforms(t *testing.T) {
	t.Parallel()
	for _, sampler := range []string{"always_on", "always_off"} {
		t.Run(sampler, func(t *testing.T) {
			t.Parallel()
			porttest.RunLog(t, func(t *testing.T) porttest.Log {
				l := mem.NewLog()
				b := setup(t, func(s *tracing.Settings) { s.Sampler = sampler })
				return porttest.Log{ResultLog: b.log(l), Records: func(*testing.T) []contract.Result { return l.Records() }}
			})
		})
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	inner := mem.NewLog()
	log := b.log(inner)
	attempt := contract.Result{
		Kind: contract.KindAttempt, ID: id, Key: "report", Index: 3, Mode: contract.ModeHTTP, Scheduled: nominal, Attempt: 2,
		Outcome: contract.OutcomeRetry, ErrorClass: contract.ErrorTimeout, Error: "canary", Excerpt: "canary",
	}
	missed := contract.Result{Kind: contract.KindMissed, ID: id, Key: "report", Outcome: contract.OutcomeMissed, Count: 7}
	if err := log.Append(t.Context(), attempt, missed); err != nil {
		t.Fatal(err)
	}
	away := errors.New("away")
	inner.Refuse(away)
	if err := log.Append(t.Context(), attempt); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
	spans := b.spans()
	root := contract.RootSpan(id)
	if len(spans) != 3 {
		t.Fatalf("got %+v", spans)
	}
	for i, s := range spans {
		if s.Name != "record" || s.Kind != "producer" || s.TraceID != id || s.Parent != hex.EncodeToString(root[:]) || s.Failed != (i == 2) {
			t.Errorf("got %+v", s)
		}
	}
	checkAttributes(t, spans[0], map[string]string{
		"schedule.namespace": "beta", "schedule.key": "report", "schedule.index": "3", "schedule.mode": "HTTP", "schedule.attempt": "2",
		"schedule.time": "2026-01-02T03:04:05Z", "schedule.outcome": "retry", "schedule.error_class": "timeout", "schedule.record": "attempt",
		"messaging.destination.name": "beta.results.report", "messaging.message.id": id, "messaging.operation.type": "send",
	})
	checkAttributes(t, spans[1], map[string]string{"schedule.record": "missed", "schedule.missed": "7", "schedule.attempt": "", "schedule.time": ""})
}

func TestRefusedEvent(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	record := contract.Result{Kind: contract.KindFinal, ID: contract.EventPrefix + id, Key: "k", Outcome: contract.OutcomeFailed}
	if err := b.log(mem.NewLog()).Append(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	if spans := b.spans(); len(spans) != 1 || spans[0].Parent != "" {
		t.Errorf("got %+v", spans)
	}
}
