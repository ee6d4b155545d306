package bootstrap

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weplanx/workflow/schedule/internal/adapter/natsapi"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/health"
	"github.com/weplanx/workflow/shared/metrics"
	"github.com/weplanx/workflow/shared/natsconn"
	"github.com/weplanx/workflow/shared/tracing"
)

// App is a scheduler node that is ready to run.
type App struct {
	cfg   Config
	parts atomic.Pointer[parts]
	nc    *nats.Conn
	names contract.Names
	own   bool // nc is closed with the app
	close sync.Once

	traces *tracing.Provider // outlives the parts; nil: there are none
}

// New connects to NATS, makes what is missing in the namespace and returns a
// node. It blocks while NATS cannot be reached, until ctx ends. A setting that
// cannot be used, a refused credential included, is a *config.Error.
func New(ctx context.Context, cfg Config) (*App, error) {
	nc, err := natsconn.Connect(ctx, cfg.NATS, "schedule "+cfg.Namespace, cfg.logger())
	if err != nil {
		return nil, err
	}
	natsconn.Stay(nc, newNames(cfg).BucketStream(), cfg.logger())
	app, err := NewWithConn(ctx, cfg, nc)
	if err != nil {
		nc.Close()
		return nil, err
	}
	app.own = true
	return app, nil
}

// NewWithConn is New on a connection of the caller's, who closes it after the
// app has stopped.
func NewWithConn(ctx context.Context, cfg Config, nc *nats.Conn) (*App, error) {
	cfg.logger()
	if err := cfg.checkOwn(); err != nil {
		return nil, err
	}
	counts := cfg.counter()
	traces, err := startTraces(cfg)
	if err != nil {
		return nil, err
	}
	made, err := assemble(ctx, cfg, nc, traces)
	if err != nil {
		traces.Close()
		return nil, err
	}
	app := &App{cfg: cfg, nc: nc, names: newNames(cfg), traces: traces}
	app.parts.Store(made)
	counts.Watch(func() core.Figures { return app.parts.Load().engine.Figures() })
	return app, nil
}

// Run fires until ctx ends, then finishes what it has begun, resigns, closes
// the app and returns nil. It may be called once.
func (a *App) Run(ctx context.Context) error {
	defer a.Close()
	for {
		err := a.runEngine(ctx)
		if !errors.Is(err, core.ErrPartitionsChanged) {
			return err
		}
		a.cfg.logger().WithField("namespace", a.cfg.Namespace).Info("the number of partitions was changed, beginning anew")
		made, err := assemble(ctx, a.cfg, a.nc, a.traces)
		if err != nil {
			if ctx.Err() != nil {
				return nil // stopped meanwhile, as asked
			}
			return err
		}
		a.parts.Store(made)
	}
}

func (a *App) runEngine(ctx context.Context) error {
	made := a.parts.Load()
	service, err := natsapi.Start(a.nc, a.names, made.engine, made.hand, time.Now)
	if err != nil {
		return err
	}
	defer func() { _ = service.Stop() }() // the connection may be gone, and the service with it
	return made.engine.Run(ctx)
}

// Ready returns nil when the node fires, and otherwise what it waits for.
func (a *App) Ready() error { return a.parts.Load().engine.Ready() }

// Metrics collects the node's metrics, those of schedule/docs/metrics.md. It can
// be registered wherever the program keeps its own, also after Close.
func (a *App) Metrics() prometheus.Collector { return a.cfg.counts }

// Close frees what New and NewWithConn opened, for an app that never ran. It may
// be called more than once.
func (a *App) Close() {
	a.close.Do(func() {
		a.traces.Close()
		if a.own {
			a.nc.Close()
		}
	})
}

// Serve runs a node as a program does: health and metrics on cfg.HTTPAddr from
// the beginning, then New and Run. It returns nil once ctx has ended.
func Serve(ctx context.Context, cfg Config) error {
	var running atomic.Pointer[App]
	ready := func() error {
		if app := running.Load(); app != nil {
			return app.Ready()
		}
		return errors.New("waiting for NATS")
	}
	registry := metrics.New(cfg.Namespace)
	if err := registry.Register(cfg.counter()); err != nil {
		return err
	}
	pages := health.Beside(metrics.Beside(nil, registry), ready)
	return health.Around(ctx, cfg.HTTPAddr, pages, func(ctx context.Context) error { return run(ctx, cfg, &running) })
}

func run(ctx context.Context, cfg Config, running *atomic.Pointer[App]) error {
	app, err := New(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // stopped while waiting, as asked
		}
		return err
	}
	running.Store(app)
	cfg.logger().WithField("namespace", cfg.Namespace).Info("scheduler runs")
	err = app.Run(ctx)
	cfg.logger().WithField("namespace", cfg.Namespace).Info("scheduler stopped")
	return err
}
