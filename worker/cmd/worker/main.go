// Command worker is a worker node: it takes the triggers of a namespace, makes
// the callbacks, and writes what happened to the log stream. It is configured
// by environment variables.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
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
	flag.Usage = usage
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

func usage() {
	w := flag.CommandLine.Output()
	_, _ = fmt.Fprint(w, "worker runs what is due in a namespace: it makes the callbacks and logs what happened.\n\nFlags:\n")
	flag.PrintDefaults()
	_, _ = fmt.Fprintln(w)
	bootstrap.Usage(w)
}

func run(ctx context.Context) error {
	config, err := bootstrap.LoadConfig()
	if err != nil {
		return err
	}
	config.Version = version
	return bootstrap.Serve(ctx, config)
}
