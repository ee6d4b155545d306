// Command release checks, prepares, rehearses, tags and builds releases of the
// modules of this repository. See tools/docs/releasing.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(start()) }

func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], ".", os.Stdout, os.Stderr)
}
