// Command schedule is a scheduler node: it fires the schedules of a namespace
// and publishes each occurrence to JetStream exactly once. Run two or more.
//
// It is configured by config/config.yml and the environment; see the README.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	_ "time/tzdata" // zones, wherever it runs

	_ "golang.org/x/crypto/x509roots/fallback" // CA roots, where the system has none

	"github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/health"
)

// version is set by the linker. Empty: that of the build.
var version string

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

// command returns the exit code: 0 stopped as asked, 1 failed, 2 wrong flags.
func command(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("schedule", flag.ContinueOnError)
	printVersion := flags.Bool("version", false, "print the version and exit")
	healthcheck := flags.Bool("healthcheck", false, "ask the scheduler that runs here with these settings whether it is alive, and exit with 0 or 1")
	partitions := 0
	flags.Func("partitions", "change the namespace's number of `partitions`, 1 to 256, and exit", func(text string) (err error) {
		if partitions, err = strconv.Atoi(text); err != nil || partitions < 1 || partitions > bootstrap.MaxPartitions {
			return fmt.Errorf("want 1 to %d", bootstrap.MaxPartitions)
		}
		return nil
	})
	switch err := config.ParseFlags(flags, args, stdout, func(w io.Writer) { usage(w, flags) }); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "schedule:", err)
		return 2
	case *printVersion:
		_, _ = fmt.Fprintln(stdout, "schedule", bootstrap.Version(version))
		return 0
	}
	do := func() error { return run(partitions) }
	if *healthcheck {
		do = check
	}
	if err := do(); err != nil {
		_, _ = fmt.Fprintln(stderr, "schedule:", err)
		return 1
	}
	return 0
}

// check is what a container checks itself by.
func check() error {
	cfg, err := bootstrap.LoadConfig()
	if err != nil {
		return err
	}
	return health.Check(context.Background(), cfg.HTTPAddr)
}

func usage(w io.Writer, flags *flag.FlagSet) {
	_, _ = fmt.Fprint(w, "schedule is a scheduler: it publishes what is due in a namespace to NATS.\n\nFlags:\n")
	flags.PrintDefaults()
	_, _ = fmt.Fprintln(w)
	bootstrap.Usage(w)
}

func run(partitions int) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	cfg, err := bootstrap.LoadConfig()
	if err != nil {
		return err
	}
	cfg.Version = version
	if partitions == 0 {
		return bootstrap.Serve(ctx, cfg)
	}
	before, err := bootstrap.Repartition(ctx, cfg, partitions)
	if err == nil {
		fmt.Printf("namespace %s: %d partitions, before %d\n", cfg.Namespace, partitions, before)
	}
	return err
}
