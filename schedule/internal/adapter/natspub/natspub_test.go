package natspub_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/internal/adapter/natspub"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/schedule/internal/core/porttest"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// namespace sets a namespace with two partitions up.
func namespace(t *testing.T, server *natstest.Server, names contract.Names) (a, b *natspub.Publisher, js jetstream.JetStream) {
	t.Helper()
	ctx := context.Background()
	js, err := jetstream.New(server.Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(ctx, js, names, 1); err != nil {
		t.Fatal(err)
	}
	a, b = natspub.New(js.Conn(), names), natspub.New(server.Connect(t), names)
	if err := a.Setup(ctx, 2, start, func(error) {}); err != nil {
		t.Fatal(err)
	}
	return a, b, js
}

// stored reads the triggers of a stream in order.
func stored(t *testing.T, js jetstream.JetStream, names contract.Names) []contract.Trigger {
	t.Helper()
	stream, err := js.Stream(context.Background(), names.TriggerStream())
	if err != nil {
		t.Fatal(err)
	}
	var triggers []contract.Trigger
	state := stream.CachedInfo().State
	for seq := state.FirstSeq; seq <= state.LastSeq && state.Msgs > 0; seq++ {
		msg, err := stream.GetMsg(context.Background(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(msg.Subject, string(names)+".cursors.") {
			continue
		}
		trigger, err := contract.Decode[contract.Trigger](msg.Data)
		if err != nil {
			t.Fatal(err)
		}
		triggers = append(triggers, trigger)
	}
	return triggers
}

func TestConforms(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	namespaces := make(chan contract.Names, 26)
	for c := 'a'; c <= 'z'; c++ {
		namespaces <- contract.Names(c)
	}
	porttest.Publisher(t, porttest.PublisherHarness{
		Start: start,
		New: func(t *testing.T) (a, b core.Publisher, triggers func(*testing.T) []contract.Trigger) {
			names := <-namespaces
			pa, pb, js := namespace(t, server, names)
			return pa, pb, func(t *testing.T) []contract.Trigger { t.Helper(); return stored(t, js, names) }
		},
	})
}

func TestSetupDoesNotMoveCursors(t *testing.T) {
	t.Parallel()
	a, b, _ := namespace(t, natstest.Start(t), "ns")
	if err := b.Setup(context.Background(), 2, start.Add(time.Hour), func(error) {}); err != nil {
		t.Fatalf("the slower of two nodes: %v", err)
	}
	if cursor, _, err := a.Load(context.Background(), 1); err != nil || !cursor.Due.Equal(start) {
		t.Errorf("cursor %+v, %v, want the first one", cursor, err)
	}
}

func TestFullStreamIsReportedAndKeepsTheCursor(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, _, js := namespace(t, natstest.Start(t), "ns")
	stream, err := js.Stream(ctx, "ns_triggers")
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config
	config.MaxBytes = 2048
	if _, err := js.UpdateStream(ctx, config); err != nil {
		t.Fatal(err)
	}
	_, fence, err := a.Load(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	big := contract.Trigger{ID: "x", Key: "k", Mode: contract.ModeHTTP, Option: []byte(`"` + strings.Repeat("x", 4096) + `"`)}
	_, err = a.Commit(ctx, 0, fence, core.Step{Triggers: []contract.Trigger{big}, Cursor: contract.Cursor{Due: start.Add(time.Hour)}})
	if !errors.Is(err, core.ErrFull) {
		t.Errorf("Commit = %v, want ErrFull", err)
	}
	if _, now, err := a.Load(ctx, 0); err != nil || now != fence {
		t.Errorf("fence %d, %v, want %d as before", now, err, fence)
	}
}

func TestCommitWithoutServerLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	a, _, _ := namespace(t, server, "ns")
	_, fence, err := a.Load(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	server.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err = a.Commit(ctx, 0, fence, core.Step{Cursor: contract.Cursor{Due: start.Add(time.Second)}})
	for _, known := range []error{nil, core.ErrFenced, core.ErrFull, core.ErrNoCursor} {
		if errors.Is(err, known) {
			t.Errorf("Commit = %v, which claims to know the outcome", err)
		}
	}
}
