package bootstrap

import (
	"cmp"
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/logmon"
	"github.com/weplanx/workflow/worker/internal/adapter/natsdead"
	"github.com/weplanx/workflow/worker/internal/adapter/prommon"
	"github.com/weplanx/workflow/worker/internal/adapter/targets"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Metrics collects the worker's metrics, those of worker/docs/metrics.md. It can
// be registered wherever the program keeps its own, also after Close. A
// collection may wait 2 s for the server.
func (a *App) Metrics() prometheus.Collector { return a.counts }

// counter is what counts for the worker. It is made once.
func (c *Config) counter() *prommon.Monitor {
	if c.counts == nil {
		c.counts = prommon.New(c.Namespace, cmp.Or(c.Version, Version()))
	}
	return c.counts
}

func counts(c Config) *prommon.Monitor { return c.counter() }

// sources are what the metrics are read from when they are collected.
func (a *App) sources(hosts *targets.Targets, letters *natsdead.Letters) prommon.Sources {
	return prommon.Sources{
		Ready: func() bool { return a.Ready() == nil },
		Load:  a.worker.Load,
		Targets: func() prommon.Targets {
			t := hosts.Totals()
			return prommon.Targets{Known: t.Known, Barred: t.Barred, Waiting: t.Waiting}
		},
		Queue: func(ctx context.Context) (prommon.Queue, error) {
			depth, err := a.queue.Depth(ctx)
			if err != nil {
				return prommon.Queue{}, err
			}
			dead, err := letters.Kept(ctx)
			return prommon.Queue{
				Pending: depth.Pending, Unacknowledged: depth.Unacknowledged, Bytes: depth.Bytes, MaxBytes: depth.MaxBytes, Dead: dead,
			}, err
		},
	}
}

// monitors tells what it hears to the log and to the metrics.
type monitors struct {
	Log    *logmon.Monitor
	Counts *prommon.Monitor
}

var _ core.Monitor = monitors{}

// Started implements core.Monitor.
func (m monitors) Started(call core.Call) {
	m.Log.Started(call)
	m.Counts.Started(call)
}

// Recorded implements core.Monitor.
func (m monitors) Recorded(record contract.Result) {
	m.Log.Recorded(record)
	m.Counts.Recorded(record)
}

// Returned implements core.Monitor.
func (m monitors) Returned(id, key, reason string, delay time.Duration) {
	m.Log.Returned(id, key, reason, delay)
	m.Counts.Returned(id, key, reason, delay)
}

// Trouble implements core.Monitor.
func (m monitors) Trouble(t core.Trouble) {
	m.Log.Trouble(t)
	m.Counts.Trouble(t)
}

// Target hears what has become of a target's breaker.
func (m monitors) Target(name string, open bool) {
	m.Log.Target(name, open)
	m.Counts.Target(name, open)
}
