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
	"os"
	"os/signal"
	"syscall"

	_ "golang.org/x/crypto/x509roots/fallback" // CA roots, where the system has none

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/health"
	"github.com/weplanx/workflow/worker/bootstrap"
)

// version is set by the linker. Empty: that of the build.
var version string

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

// command returns the exit code: 0 stopped as asked, 1 failed, 2 wrong flags.
func command(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	printVersion := flags.Bool("version", false, "print the version and exit")
	healthcheck := flags.Bool("healthcheck", false, "ask the worker that runs here with these settings whether it is alive, and exit with 0 or 1")
	switch err := config.ParseFlags(flags, args, stdout, func(w io.Writer) { usage(w, flags) }); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "worker:", err)
		return 2
	case *printVersion:
		_, _ = fmt.Fprintln(stdout, "worker", cmp.Or(version, bootstrap.Version()))
		return 0
	}
	bootstrap.SilenceTargets(stderr)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	do := run
	if *healthcheck {
		do = check
	}
	if err := do(ctx); err != nil && ctx.Err() == nil {
		_, _ = fmt.Fprintln(stderr, "worker:", err)
		return 1
	}
	return 0
}

// check is what a container checks itself by.
func check(ctx context.Context) error {
	c, err := bootstrap.LoadConfig()
	if err != nil {
		return err
	}
	return health.Check(ctx, c.HTTPAddr)
}

func usage(w io.Writer, flags *flag.FlagSet) {
	_, _ = fmt.Fprint(w, "worker runs what is due in a namespace: it makes the callbacks and logs what happened.\n\nFlags:\n")
	flags.PrintDefaults()
	_, _ = fmt.Fprintln(w)
	bootstrap.Usage(w)
}

func run(ctx context.Context) error {
	c, err := bootstrap.LoadConfig()
	if err != nil {
		return err
	}
	c.Version = version
	return bootstrap.Serve(ctx, c)
}
