// Command schedule is a scheduler node: it fires the schedules of a namespace
// and publishes each occurrence to JetStream exactly once. Run two or more.
//
// It is configured by config/config.yml and the environment; see the README.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones, wherever it runs

	_ "golang.org/x/crypto/x509roots/fallback" // CA roots, where the system has none

	"github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/shared/health"
)

// version is set by the linker. Empty: that of the build.
var version string

func main() {
	printVersion := flag.Bool("version", false, "print the version and exit")
	healthcheck := flag.Bool("healthcheck", false, "ask the scheduler that runs here with these settings whether it is alive, and exit with 0 or 1")
	partitions := flag.Int("partitions", 0, "change the namespace's number of `partitions` and exit")
	flag.Usage = usage
	flag.Parse()
	if *printVersion {
		fmt.Println("schedule", bootstrap.Version(version))
		return
	}
	do := func() error { return run(*partitions) }
	if *healthcheck {
		do = check
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "schedule: "+err.Error())
		os.Exit(1)
	}
}

// check is what a container checks itself by.
func check() error {
	cfg, err := bootstrap.LoadConfig()
	if err != nil {
		return err
	}
	return health.Check(context.Background(), cfg.HTTPAddr)
}

func usage() {
	w := flag.CommandLine.Output()
	_, _ = fmt.Fprint(w, "schedule is a scheduler: it publishes what is due in a namespace to NATS.\n\nFlags:\n")
	flag.PrintDefaults()
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
