// Package bootstrap puts a worker together.
package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/natsconn"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/adapter/httpapi"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/adapter/natsdead"
	"github.com/weplanx/workflow/worker/internal/adapter/natsjobs"
	"github.com/weplanx/workflow/worker/internal/adapter/prommon"
	"github.com/weplanx/workflow/worker/internal/adapter/targets"
	"github.com/weplanx/workflow/worker/internal/core"
)

// App is a worker that is ready to run.
type App struct {
	nc     *nats.Conn
	worker *core.Worker
	queue  *natsjobs.Queue
	http   *httpexec.Executor
	api    *httpapi.API
	js     jetstream.JetStream
	traces *tracing.Provider
	log    *logrus.Logger
	counts *prommon.Monitor
	start  logrus.Fields // what is worth knowing of the settings at its start

	mu      sync.Mutex
	started bool
	closed  bool
	owned   bool               // the connection is ours
	cancel  context.CancelFunc // ends Run
	done    chan struct{}      // closed when Run has returned
}

// ErrUsed is returned by Run when the App was run or closed before.
var ErrUsed = errors.New("the worker was run or closed before")

// New connects to NATS and makes a worker. It blocks, saying so in the log,
// while no server can be reached; errors are *config.Error where a setting is
// the cause. What it returns must be run or closed.
func New(ctx context.Context, c Config) (*App, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = logging.New(c.Mode, os.Stderr)
	}
	nc, err := natsconn.Connect(ctx, c.NATS, "worker", c.Log)
	if err != nil {
		return nil, err
	}
	natsconn.Stay(nc, contract.Names(c.Namespace).BucketStream(), c.Log)
	app, err := NewWithConn(ctx, c, nc)
	if err != nil {
		nc.Close()
		return nil, err
	}
	app.owned = true
	return app, nil
}

// NewWithConn is New on a connection, which stays the caller's and must outlive
// the App.
func NewWithConn(ctx context.Context, c Config, nc *nats.Conn) (*App, error) {
	if err := contract.CheckNamespace(c.Namespace); err != nil {
		return nil, &config.Error{Name: "NAMESPACE", Problem: problem(err)}
	}
	if err := c.checkOwn(); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = logging.New(c.Mode, os.Stderr)
	}
	c = c.filled()
	traces, err := startTraces(c)
	if err != nil {
		return nil, err
	}
	app, err := assemble(c, nc, traces)
	if err != nil {
		traces.Close()
		return nil, fmt.Errorf("put the worker together: %w", err)
	}
	waiting := topology.OnWait(func(err error) { c.Log.WithField("error", err.Error()).Warn("waiting for JetStream") })
	if _, err := topology.Ensure(ctx, app.js, contract.Names(c.Namespace), c.NATS.Replicas, waiting, topology.LeaveMaking()); err != nil {
		app.Close()
		return nil, err
	}
	if err := app.queue.Prepare(ctx); err != nil {
		app.Close()
		return nil, err
	}
	return app, nil
}

func problem(err error) string {
	var field *contract.FieldError
	if errors.As(err, &field) {
		return field.Problem
	}
	return err.Error()
}

// Run works until ctx ends or Close is called, then finishes or hands back what
// runs, and returns nil. It can be called once.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !a.begin(cancel) {
		return ErrUsed
	}
	defer close(a.done)
	a.log.WithFields(a.start).Info("worker started")
	a.worker.Run(ctx)
	a.release()
	a.log.Info("worker stopped")
	return nil
}

func (a *App) begin(cancel context.CancelFunc) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.started || a.closed {
		return false
	}
	a.started, a.cancel = true, cancel
	return true
}

// Ready is nil when the worker runs, is connected and can receive triggers.
func (a *App) Ready() error {
	if !a.running() {
		return errors.New("not running")
	}
	if !a.nc.IsConnected() {
		return errors.New("not connected to NATS")
	}
	return a.queue.Ready()
}

func (a *App) running() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-a.done:
		return false
	default:
		return a.started && !a.closed
	}
}

// Close stops a worker that runs, and waits until it has, or releases what one
// that never ran holds. Calling it again does nothing more.
func (a *App) Close() {
	a.mu.Lock()
	started, first := a.started, !a.closed
	a.closed = true
	cancel := a.cancel
	a.mu.Unlock()
	switch {
	case started:
		cancel()
		<-a.done
	case first:
		a.release()
	}
}

// release flushes the last acknowledgements and traces and closes what is ours.
func (a *App) release() {
	a.http.Close()
	_ = a.nc.FlushTimeout(flushTimeout) // what is lost is delivered again
	a.traces.Close()
	if a.owned {
		a.nc.Close()
	}
}

func newApp(
	c Config, nc *nats.Conn, js jetstream.JetStream, worker *core.Worker, queue *natsjobs.Queue, http *httpexec.Executor, api *httpapi.API,
	traces *tracing.Provider, log *logrus.Logger, counts *prommon.Monitor, hosts *targets.Targets, letters *natsdead.Letters,
) *App {
	a := &App{
		nc: nc, js: js, worker: worker, queue: queue, http: http, api: api, traces: traces, log: log, counts: counts, start: c.summary(),
		done: make(chan struct{}),
	}
	counts.Watch(a.sources(hosts, letters))
	return a
}

// jetStream is the client of all adapters.
// jetStream gives up acknowledgements that do not come, which count against those
// that may be waited for.
func jetStream(nc *nats.Conn) (jetstream.JetStream, error) {
	return jetstream.New(nc, jetstream.WithPublishAsyncTimeout(acknowledgeTimeout))
}
