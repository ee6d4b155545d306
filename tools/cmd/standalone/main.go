// Command standalone runs NATS with JetStream, a scheduler and a worker in one
// process and keeps their data in a folder.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // schedules have zones, machines may not

	"github.com/weplanx/workflow/tools/internal/standalone"
)

var version = "dev" // set by the linker

func main() {
	log.SetOutput(io.Discard) // net/http prints there what targets of callbacks send unasked
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 0 stopped as asked, 1 failed, 2 wrong flags.
func run(args []string, stdout, stderr io.Writer) int {
	config, show, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fail(stderr, err)
		return 2
	case show:
		_, _ = fmt.Fprintln(stdout, "standalone", version)
		return 0
	}
	config.Out, config.Log = stdout, stderr
	config.EventsToken = os.Getenv("EVENTS_TOKEN") // no flags: other users of the machine see those
	if secrets := os.Getenv("WEBHOOK_SECRETS"); secrets != "" {
		config.Secrets = strings.Split(secrets, ",")
	}
	if err := config.Environment(); err != nil {
		fail(stderr, err)
		return 1
	}
	// Ctrl-C also ends a program that reads our output; that must not keep us
	// from storing what is to be stored.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := standalone.New(config).Run(ctx); err != nil {
		fail(stderr, err)
		return 1
	}
	return 0
}

// fail writes one line.
func fail(stderr io.Writer, err error) {
	_, _ = fmt.Fprintln(stderr, "standalone:", strings.Join(strings.Fields(err.Error()), " "))
}

func parse(args []string, stderr io.Writer) (c standalone.Config, show bool, err error) {
	c = standalone.Defaults()
	flags := flag.NewFlagSet("standalone", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&c.Data, "data", c.Data, "`folder` that everything is kept in")
	flags.StringVar(&c.NATS, "nats", c.NATS, "`host:port` of the NATS server; port 0: a free one")
	flags.StringVar(&c.HTTP, "http", c.HTTP, "`host:port` of /healthz, /readyz and the worker's API; port 0: a free one")
	flags.StringVar(&c.Namespace, "namespace", c.Namespace, "`name` of the namespace")
	flags.Func("egress", "`networks` and addresses, comma-separated, that callbacks may reach although they are not public (default "+
		strings.Join(c.Egress, ",")+")", func(value string) error {
		c.Egress = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
		return nil
	})
	flags.BoolVar(&c.Demo, "demo", c.Demo, "keep a demo schedule and print its callbacks")
	flags.BoolVar(&c.Verbose, "v", c.Verbose, "log everything, not only warnings and errors")
	flags.BoolVar(&show, "version", false, "print the version and exit")
	err = flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprintln(stderr, "standalone runs NATS with JetStream, a scheduler and a worker in one process.")
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		_, _ = fmt.Fprintln(stderr, "EVENTS_TOKEN in the environment opens POST /events/{key} to those who know it,")
		_, _ = fmt.Fprintln(stderr, "WEBHOOK_SECRETS sign callbacks, and OTEL_EXPORTER_OTLP_ENDPOINT is where traces go.")
		return c, show, err
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q, want flags only; see -h", flags.Arg(0))
	}
	return c, show, err
}
