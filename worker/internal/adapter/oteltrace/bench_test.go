package oteltrace_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/adapter/oteltrace"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/core"
)

// instant is an executor that does nothing.
type instant struct{}

func (instant) Execute(context.Context, core.Call) core.Answer {
	return core.Answer{Verdict: core.Success, Status: 200}
}
func (instant) Plan(json.RawMessage) core.Plan { return core.Plan{} }

// BenchmarkAttempt is what traces add to an attempt: two spans, while nobody takes
// them, or the decision that there are none.
func BenchmarkAttempt(b *testing.B) {
	for _, sampler := range []string{"always_on", "always_off"} {
		b.Run(sampler, func(b *testing.B) {
			p, err := tracing.Start(tracing.Settings{Endpoint: "http://127.0.0.1:1", Sampler: sampler}, tracing.Program{}, logging.Discard())
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(p.Close)
			e := oteltrace.NewExecutor(instant{}, p.Tracer(), "beta", system.Clock{})
			c := httpCall(`{"url":"https://example.com/","body":{"n":1}}`)
			c.Plan.Target = "example.com:443"
			b.ReportAllocs()
			for b.Loop() {
				e.Execute(b.Context(), c)
			}
		})
	}
}
