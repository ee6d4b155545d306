// Command worker is a worker node: it takes the triggers of a namespace, makes
// the callbacks, and writes what happened to the log stream. It is configured
// by environment variables.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	_ "golang.org/x/crypto/x509roots/fallback" // CA roots, where the system has none

	"github.com/weplanx/workflow/shared/health"
	"github.com/weplanx/workflow/worker/bootstrap"
)

// version is set by the linker. Empty: that of the build.
var version string

func main() {
	printVersion := flag.Bool("version", false, "print the version and exit")
	healthcheck := flag.Bool("healthcheck", false, "ask the worker that runs here with these settings whether it is alive, and exit with 0 or 1")
	flag.Parse()
	if *printVersion {
		fmt.Println("worker", cmp.Or(version, bootstrap.Version()))
		return
	}
	bootstrap.SilenceTargets(os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	do := run
	if *healthcheck {
		do = check
	}
	if err := do(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

// check is what a container checks itself by.
func check(ctx context.Context) error {
	config, err := bootstrap.LoadConfig()
	if err != nil {
		return err
	}
	return health.Check(ctx, config.HTTPAddr)
}

// run serves HTTP from the start, so that a worker that waits for NATS is alive
// but not ready.
func run(ctx context.Context) error {
	config, err := bootstrap.LoadConfig()
	if err != nil {
		return err
	}
	listener, err := health.Listen(ctx, config.HTTPAddr)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	var app atomic.Pointer[bootstrap.App]
	served := make(chan struct{})
	go func() {
		defer close(served)
		handler := health.Beside(api(&app), func() error { return ready(app.Load()) })
		if err := health.ServeOn(ctx, listener, handler); err != nil {
			stop(err)
		}
	}()
	err = work(ctx, config, &app)
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	stop(nil)
	<-served
	return err
}

func work(ctx context.Context, config bootstrap.Config, running *atomic.Pointer[bootstrap.App]) error {
	config.Version = version
	app, err := bootstrap.New(ctx, config)
	if err != nil {
		return err
	}
	running.Store(app)
	return app.Run(ctx)
}

func ready(app *bootstrap.App) error {
	if app == nil {
		return errors.New("waiting for NATS")
	}
	return app.Ready()
}

// api is that of the worker, once it is there.
func api(app *atomic.Pointer[bootstrap.App]) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := app.Load(); a != nil {
			a.Handler().ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"error":{"message":"waiting for NATS"}}`)
	})
}
