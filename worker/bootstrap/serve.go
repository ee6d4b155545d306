package bootstrap

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/weplanx/workflow/shared/health"
	"github.com/weplanx/workflow/shared/metrics"
)

// Serve runs a worker as a program does: HTTP on c.HTTPAddr from the beginning,
// so that a worker that waits for NATS is alive but not ready, then New and Run.
// Its pages are health, metrics and the API. It returns nil once ctx has ended.
func Serve(ctx context.Context, c Config) error {
	var running atomic.Pointer[App]
	ready := func() error {
		if app := running.Load(); app != nil {
			return app.Ready()
		}
		return errors.New("waiting for NATS")
	}
	registry := metrics.New(c.Namespace)
	if err := registry.Register(c.counter()); err != nil {
		return err
	}
	pages := health.Beside(metrics.Beside(apiOf(&running), registry), ready)
	return health.Around(ctx, c.HTTPAddr, pages, func(ctx context.Context) error {
		app, err := New(ctx, c)
		if err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // stopped while waiting, as asked
			}
			return err
		}
		running.Store(app)
		return app.Run(ctx)
	})
}

// apiOf is the API of the worker, once it is there.
func apiOf(running *atomic.Pointer[App]) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if app := running.Load(); app != nil {
			app.Handler().ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"error":{"message":"waiting for NATS"}}`)
	})
}
