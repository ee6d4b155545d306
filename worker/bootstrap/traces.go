package bootstrap

import (
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/adapter/natsresult"
	"github.com/weplanx/workflow/worker/internal/adapter/oteltrace"
	"github.com/weplanx/workflow/worker/internal/core"
)

// startTraces returns nil when there are to be none. Then nothing is wrapped.
func startTraces(c Config) (*tracing.Provider, error) {
	return tracing.Start(c.Tracing, tracing.Program{Name: "worker", Version: c.Version, Instance: workerName()}, c.Log)
}

// traced makes executors tell of what they do.
func traced(all core.Executors, traces *tracing.Provider, names contract.Names, clock core.Clock) core.Executors {
	if traces == nil {
		return all
	}
	for mode, executor := range all {
		all[mode] = oteltrace.NewExecutor(executor, traces.Tracer(), names, clock)
	}
	return all
}

func resultLog(log *natsresult.Log, traces *tracing.Provider, names contract.Names) core.ResultLog {
	if traces == nil {
		return log
	}
	return oteltrace.NewLog(log, traces.Tracer(), names)
}
