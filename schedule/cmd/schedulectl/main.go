// Command schedulectl looks after the schedules of a namespace: it stores,
// shows, pauses and removes them, and shows what happened to them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones, wherever it runs

	_ "golang.org/x/crypto/x509roots/fallback" // CA roots, where the system has none

	"github.com/weplanx/workflow/schedule/internal/cli"
)

// version is set by the linker. Empty: that of the build.
var version string

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	app := cli.App{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Now: time.Now, Location: time.Local, Version: version,
	}
	return app.Run(ctx, os.Args[1:])
}
