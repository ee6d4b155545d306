package natstest_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/weplanx/workflow/shared/natstest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

func TestRestartKeepsPortAndData(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	nc := s.Connect(t)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "kept", Subjects: []string{"kept"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "kept", []byte("1")); err != nil {
		t.Fatal(err)
	}
	url := s.URL()
	s.Restart(t)
	if s.URL() != url {
		t.Errorf("got %s after the restart, want %s", s.URL(), url)
	}
	again, err := jetstream.New(s.Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := again.Stream(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State.Msgs; got != 1 {
		t.Errorf("got %d messages, want 1", got)
	}
}

func TestStopTwice(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	s.Stop()
	s.Stop()
	natstest.New(t).Stop()
}

func TestWithNkeyUsers(t *testing.T) {
	t.Parallel()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	s := natstest.Start(t, natstest.WithNkeyUsers(public))
	if nc, err := nats.Connect(s.URL()); err == nil {
		nc.Close()
		t.Error("a client without a key was let in")
	}
	s.Connect(t, nats.Nkey(public, pair.Sign))
}

func TestCluster(t *testing.T) {
	t.Parallel()
	servers := natstest.StartCluster(t, 3)
	js, err := jetstream.New(servers[0].Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	config := jetstream.StreamConfig{Name: "three", Subjects: []string{"three"}, Replicas: 3}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	servers[1].Restart(t)
	other, err := jetstream.New(servers[1].Connect(t), jetstream.WithDefaultTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Publish(t.Context(), "three", nil, jetstream.WithRetryAttempts(1000)); err != nil {
		t.Error(err)
	}
}
