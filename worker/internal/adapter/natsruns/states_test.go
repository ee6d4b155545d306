package natsruns_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/worker/internal/adapter/natsruns"
	"github.com/weplanx/workflow/worker/internal/core"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const names = contract.Names("beta")

func setup(t *testing.T) (*natsruns.States, jetstream.JetStream, *natstest.Server) {
	t.Helper()
	server := natstest.Start(t)
	nc := server.Connect(t)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), js, names, 1); err != nil {
		t.Fatal(err)
	}
	return natsruns.New(nc, js, names), js, server
}

func TestStates(t *testing.T) {
	t.Parallel()
	porttest.RunStates(t, func(t *testing.T) core.States {
		s, _, _ := setup(t)
		return s
	})
}

func TestStatesSurviveTheServer(t *testing.T) {
	t.Parallel()
	s, _, server := setup(t)
	first, err := s.Store(t.Context(), "a", []byte("1"), 0, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	server.Restart(t)
	var state core.State
	for limit := time.Now().Add(time.Minute); state.Revision == 0 && time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // a request may be lost with the server
		state, err = s.Load(ctx, "a")
		cancel()
	}
	if err != nil || string(state.Data) != "1" || state.Revision != first {
		t.Fatalf("got %+v, %v", state, err)
	}
	if _, err := s.Store(t.Context(), "a", []byte("2"), 0, time.Minute); !errors.Is(err, core.ErrConflict) {
		t.Errorf("got %v", err)
	}
}

// A state that was deleted leaves nothing behind.
func TestDeletedStatesAreGone(t *testing.T) {
	t.Parallel()
	s, js, _ := setup(t)
	revision, err := s.Store(t.Context(), "a", []byte("1"), 0, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "a", revision); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		stream, err := js.Stream(t.Context(), names.RunStream())
		if err != nil {
			t.Fatal(err)
		}
		if stream.CachedInfo().State.Msgs == 0 {
			return
		}
		if time.Now().After(limit) {
			t.Fatal("a message is left")
		}
	}
}

func TestStreamThatIsMissingIsAnError(t *testing.T) {
	t.Parallel()
	s, js, _ := setup(t)
	if err := js.DeleteStream(t.Context(), names.RunStream()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "a"); err == nil {
		t.Error("a state was read from no stream")
	}
	if _, err := s.Store(t.Context(), "a", []byte("1"), 0, time.Minute); err == nil || errors.Is(err, core.ErrConflict) {
		t.Errorf("got %v", err)
	}
}
