package inprocess_test

import (
	"context"
	"sync"
	"testing"

	schedule "github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/natstest"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

// settings are what both services share.
func settings(server *natstest.Server, namespace string) config.Config {
	c := config.Defaults("127.0.0.1:0")
	c.Namespace, c.NATS.Hosts, c.Log = namespace, []string{server.URL()}, logging.Discard()
	return c
}

func startScheduler(t *testing.T, server *natstest.Server, namespace string) (stop func()) {
	t.Helper()
	app, err := schedule.New(t.Context(), schedule.Config{Config: settings(server, namespace)})
	if err != nil {
		t.Fatalf("scheduler: %v", err)
	}
	return run(t, "scheduler", app.Run)
}

func startWorker(t *testing.T, server *natstest.Server, namespace string) (stop func()) {
	t.Helper()
	c := worker.Defaults()
	c.Config, c.EgressAllow = settings(server, namespace), []string{"127.0.0.1"} // where the receivers are
	app, err := worker.New(t.Context(), c)
	if err != nil {
		t.Fatalf("worker: %v", err)
	}
	return run(t, "worker", app.Run)
}

// run runs a service until stop or the test's cleanup, and waits for its end.
func run(t *testing.T, name string, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := f(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}
