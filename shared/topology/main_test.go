package topology_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/setting"
	"github.com/weplanx/workflow/shared/topology"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const names = contract.Names("beta")

func stream(t *testing.T, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// deadline is a context that ends when a test has waited for long enough.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func ensure(t *testing.T, js jetstream.JetStream, replicas int) topology.Info {
	t.Helper()
	info, err := topology.Ensure(deadline(t), js, names, replicas)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func config(t *testing.T, js jetstream.JetStream, name string) jetstream.StreamConfig {
	t.Helper()
	s, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().Config
}

func wantSetting(t *testing.T, err error, parts ...string) {
	t.Helper()
	var typed *setting.Error
	if !errors.As(err, &typed) {
		t.Fatalf("got %v (%T), want a *setting.Error", err, err)
	}
	wantLine(t, err, parts...)
}

func wantLine(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got more than one line: %v", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want it to contain %q", err, part)
		}
	}
}
