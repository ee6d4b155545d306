package bootstrap

import (
	"time"

	"github.com/weplanx/workflow/schedule/internal/adapter/natspub"
	"github.com/weplanx/workflow/schedule/internal/adapter/oteltrace"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/tracing"
)

// startTraces returns nil when there are to be none. Then nothing is wrapped.
func startTraces(cfg Config) (*tracing.Provider, error) {
	return tracing.Start(cfg.Tracing, tracing.Program{Name: "schedule", Version: Version(cfg.Version)}, cfg.logger())
}

// newCommits is the publisher as the engine knows it.
func newCommits(p *natspub.Publisher, traces *tracing.Provider, names contract.Names) core.Publisher {
	if traces == nil {
		return p
	}
	return oteltrace.NewPublisher(p, traces.Tracer(), names, time.Now)
}

func newSender(p *natspub.Publisher, traces *tracing.Provider, names contract.Names) core.Sender {
	if traces == nil {
		return p
	}
	return oteltrace.NewSender(p, traces.Tracer(), names, time.Now)
}
