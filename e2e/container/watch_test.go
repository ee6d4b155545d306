//go:build e2e

package container_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// tidying is how long before the test binary's own limit a run is broken off:
// that limit would leave everything behind.
const tidying = 45 * time.Second

// watch breaks the run off when it is interrupted or takes too long, keeping the
// logs and nothing else, until stop is called.
func watch() (stop func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var late <-chan time.Time
	if limit, ok := setting[time.Duration]("test.timeout"); ok && limit > tidying {
		late = time.After(limit - tidying)
	}
	go func() {
		select {
		case <-done:
		case s := <-signals:
			breakOff(s.String())
		case <-late:
			_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
			breakOff("takes too long")
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// setting is the value of a flag of the test binary.
func setting[T any](name string) (value T, ok bool) {
	if f := flag.Lookup(name); f != nil {
		if getter, is := f.Value.(flag.Getter); is {
			value, ok = getter.Get().(T)
		}
	}
	return value, ok
}

func breakOff(why string) {
	docker.closing.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), tidying)
	defer cancel()
	outputs, _ := setting[string]("test.outputdir")
	folder, err := filepath.Abs(filepath.Join(outputs, "broken-off-"+docker.run))
	err = errors.Join(err, docker.keepLogs(ctx, folder))
	for range 10 { // what was being started, or removed, may still be there
		left, failed := docker.sweep(ctx)
		if len(left) == 0 && failed == nil {
			break
		}
		time.Sleep(time.Second)
	}
	if err = errors.Join(err, os.RemoveAll(docker.work)); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
	fmt.Fprintf(os.Stderr, "FAIL: e2e: %s; logs of all containers are in %s\n", why, folder)
	os.Exit(1)
}

// keepLogs writes the logs of all containers of the run into a folder.
func (e *engine) keepLogs(ctx context.Context, folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	all, err := e.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", label+"="+e.run),
	})
	if err != nil {
		return err
	}
	for _, c := range all.Items {
		name := c.ID[:12] + "-" + filepath.Base(strings.ReplaceAll(c.Image, ":", "-")) + ".log"
		err = errors.Join(err, os.WriteFile(filepath.Join(folder, name), []byte(e.logs(ctx, c.ID)), 0o600))
	}
	return err
}

// logs is everything that a container has printed.
func (e *engine) logs(ctx context.Context, id string) string {
	r, err := e.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Timestamps: true})
	if err != nil {
		return "no log: " + err.Error()
	}
	defer r.Close()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, r); err != nil {
		fmt.Fprintf(&out, "the log ends here: %v\n", err)
	}
	return out.String()
}
