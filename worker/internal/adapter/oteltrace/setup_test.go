package oteltrace_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/tracetest"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/adapter/oteltrace"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const id = "587e13f087331470603662721101285e"

var nominal = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench are the spans of a worker in namespace beta.
type bench struct {
	provider  *tracing.Provider
	collector *tracetest.Collector
}

func setup(t *testing.T, change func(*tracing.Settings)) *bench {
	t.Helper()
	b := &bench{collector: tracetest.Start(t)}
	settings := b.collector.Settings()
	if change != nil {
		change(&settings)
	}
	var err error
	if b.provider, err = tracing.Start(settings, tracing.Program{Name: "worker"}, logging.Discard()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.provider.Close)
	return b
}

// spans returns what was made, and makes no more.
func (b *bench) spans() []tracetest.Span {
	b.provider.Flush(context.Background())
	b.provider.Close()
	return b.collector.Spans()
}

func (b *bench) executor(inner core.Executor) *oteltrace.Executor {
	return oteltrace.NewExecutor(inner, b.provider.Tracer(), "beta", system.Clock{})
}

// call is the second attempt of five.
func call(mode, option string) core.Call {
	return core.Call{
		ID: id, WebhookID: id, Key: "report", Index: 3, Mode: mode, Scheduled: nominal, Attempt: 2, Attempts: 5,
		Option: json.RawMessage(option), Taken: time.Now().Add(-time.Minute),
	}
}

func httpCall(option string) core.Call { return call(contract.ModeHTTP, option) }

// checkAttributes looks at those that are named; an empty one must not be there.
func checkAttributes(t *testing.T, s tracetest.Span, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got, ok := s.Attributes[name]; got != value || ok == (value == "") {
			t.Errorf("%s: %s is %q, want %q", s.Name, name, got, value)
		}
	}
}
