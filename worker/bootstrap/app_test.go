package bootstrap_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/bootstrap"
)

func TestTriggerIsCalledAndRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, ok)
	b.start(t, nil)
	trigger := b.trigger("test", target.url)
	b.publish(t, trigger)
	final := b.finals(t, 1)[0]
	b.drained(t)
	if final.ID != trigger.ID || final.Outcome != contract.OutcomeSuccess || final.Status != http.StatusOK || final.Attempt != 1 {
		t.Errorf("got %+v", final)
	}
	if records := b.records(t); len(records) != 2 || records[0].Kind != contract.KindAttempt {
		t.Errorf("got %d records, want an attempt and a final one", len(records))
	}
	got := target.got()
	if len(got) != 1 || got[0].body != `{"key":"test"}` || got[0].header.Get(contract.HeaderID) != trigger.ID {
		t.Errorf("got calls %v", got)
	}
}

func TestAppStopsTwiceAndBeforeItRan(t *testing.T) {
	t.Parallel()
	b := setup(t)
	idle, err := bootstrap.NewWithConn(t.Context(), b.config(), b.nc)
	if err != nil {
		t.Fatal(err)
	}
	idle.Close()
	idle.Close()
	if err := idle.Run(t.Context()); !errors.Is(err, bootstrap.ErrUsed) {
		t.Errorf("got %v from Run after Close", err)
	}
	r := b.start(t, nil)
	r.app.Close()
	r.app.Close()
	r.stop()
	if err := r.app.Run(t.Context()); !errors.Is(err, bootstrap.ErrUsed) {
		t.Errorf("got %v from a second Run", err)
	}
	if !r.nc.IsConnected() {
		t.Error("the caller's connection was closed")
	}
}

func TestNewRefusesSettings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, test := range map[string]struct {
		change func(*bootstrap.Config)
		want   string
	}{
		"namespace":   {func(c *bootstrap.Config) { c.Namespace = "a b" }, "NAMESPACE"},
		"concurrency": {func(c *bootstrap.Config) { c.Concurrency = -1 }, "WORKER_CONCURRENCY"},
		"host":        {func(c *bootstrap.Config) { c.HostRate = -1 }, "HOST_RATE"},
		"token":       {func(c *bootstrap.Config) { c.EventsToken = "short" }, "EVENTS_TOKEN"},
		"traces":      {func(c *bootstrap.Config) { c.Tracing.Disabled = "no" }, "OTEL_SDK_DISABLED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := b.config()
			test.change(&c)
			_, err := bootstrap.NewWithConn(context.Background(), c, b.nc)
			wantError(t, err, test.want)
		})
	}
}

func TestNewConnectsByItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.config()
	c.NATS.Hosts = []string{b.server.URL()}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	app, err := bootstrap.New(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- app.Run(ctx) }()
	eventually(t, "the worker is ready", func() bool { return app.Ready() == nil })
	app.Close()
	select {
	case err := <-stopped:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("the worker does not stop")
	}
	if app.Ready() == nil {
		t.Error("a worker that stopped says that it is ready")
	}
}

func TestNewRefusesAConsumerThatDoesNotFit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	consumer := jetstream.ConsumerConfig{
		Durable: "workers", FilterSubject: b.names.Triggers(), AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: 3,
	}
	if _, err := b.js.CreateConsumer(t.Context(), b.names.TriggerStream(), consumer); err != nil {
		t.Fatal(err)
	}
	_, err := bootstrap.NewWithConn(t.Context(), b.config(), b.nc)
	if err == nil || !strings.Contains(err.Error(), "max deliver is 3, want -1") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}
