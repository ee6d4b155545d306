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
)

// version is set by the linker.
var version = "dev"

func main() {
	printVersion := flag.Bool("version", false, "print the version and exit")
	partitions := flag.Int("partitions", 0, "change the namespace's number of `partitions` and exit")
	flag.Parse()
	if *printVersion {
		fmt.Println(version)
		return
	}
	if err := run(*partitions); err != nil {
		fmt.Fprintln(os.Stderr, "schedule: "+err.Error())
		os.Exit(1)
	}
}

func run(partitions int) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	cfg, err := bootstrap.LoadConfig()
	if err != nil {
		return err
	}
	if partitions == 0 {
		return bootstrap.Serve(ctx, cfg)
	}
	before, err := bootstrap.Repartition(ctx, cfg, partitions)
	if err == nil {
		fmt.Printf("namespace %s: %d partitions, before %d\n", cfg.Namespace, partitions, before)
	}
	return err
}
