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
)

// take removes the triggers of a work queue.
func take(t *testing.T, js jetstream.JetStream, names contract.Names) []contract.Trigger {
	t.Helper()
	triggers := stored(t, js, names)
	stream, err := js.Stream(t.Context(), names.TriggerStream())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(names.Triggers())); err != nil {
		t.Fatal(err)
	}
	return triggers
}

func namespaces() chan contract.Names {
	names := make(chan contract.Names, 26)
	for c := 'a'; c <= 'z'; c++ {
		names <- contract.Names(c)
	}
	return names
}

func TestSenderConforms(t *testing.T) {
	t.Parallel()
	server, free := natstest.Start(t), namespaces()
	porttest.Sender(t, func(t *testing.T) porttest.Queue {
		names := <-free
		a, _, js := namespace(t, server, names)
		return porttest.Queue{Sender: a, Take: func(t *testing.T) []contract.Trigger { t.Helper(); return take(t, js, names) }}
	})
}

func TestLettersConform(t *testing.T) {
	t.Parallel()
	server, free := natstest.Start(t), namespaces()
	porttest.Letters(t, func(t *testing.T) porttest.Graveyard {
		names := <-free
		_, _, js := namespace(t, server, names)
		return porttest.Graveyard{
			Letters: natspub.NewLetters(js.Conn(), names),
			Put: func(t *testing.T, key string, data []byte) uint64 {
				t.Helper()
				ack, err := js.Publish(t.Context(), names.Dead(key), data)
				if err != nil {
					t.Fatal(err)
				}
				return ack.Sequence
			},
		}
	})
}

// Single triggers are no concern of the cursors: what was committed before and
// is committed afterwards stays as it is.
func TestSendLeavesTheCursorsAlone(t *testing.T) {
	t.Parallel()
	a, _, js := namespace(t, natstest.Start(t), "ns")
	_, fence, err := a.Load(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	byHand := contract.Trigger{ID: "run-1", Key: "k", Mode: contract.ModeHTTP, Option: []byte(`{}`)}
	if err := a.Send(t.Context(), byHand); err != nil {
		t.Fatal(err)
	}
	planned := contract.Trigger{ID: "5f", Key: "k", Mode: contract.ModeHTTP, Option: []byte(`{}`)}
	if _, err := a.Commit(t.Context(), 0, fence, core.Step{Triggers: []contract.Trigger{planned}, Cursor: contract.Cursor{Due: start.Add(time.Second)}}); err != nil {
		t.Errorf("Commit under the fence from before: %v", err)
	}
	if got := stored(t, js, "ns"); len(got) != 2 || got[0].ID != "run-1" || got[1].ID != "5f" {
		t.Errorf("stored %+v", got)
	}
}

func TestSendToAFullStream(t *testing.T) {
	t.Parallel()
	a, _, js := namespace(t, natstest.Start(t), "ns")
	stream, err := js.Stream(t.Context(), "ns_triggers")
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config
	config.MaxBytes = 2048
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	big := contract.Trigger{ID: "run-1", Key: "k", Mode: contract.ModeHTTP, Option: []byte(`"` + strings.Repeat("x", 4096) + `"`)}
	if err := a.Send(t.Context(), big); !errors.Is(err, core.ErrFull) {
		t.Errorf("Send = %v, want ErrFull", err)
	}
	if got := stored(t, js, "ns"); len(got) != 0 {
		t.Errorf("stored %+v", got)
	}
}

func TestWithoutServerTheOutcomeIsOpen(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	a, _, js := namespace(t, server, "ns")
	letters := natspub.NewLetters(js.Conn(), "ns")
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, next := letters.Next(ctx, "", 1)
	_, waiting := a.Waiting(ctx, contract.Trigger{ID: "1", Key: "k", Mode: contract.ModeHTTP}, start)
	_, last := letters.Last(ctx)
	for name, err := range map[string]error{
		"Send": a.Send(ctx, contract.Trigger{ID: "1", Key: "k", Mode: contract.ModeHTTP}), "Waiting": waiting,
		"Next": next, "Last": last, "Remove": letters.Remove(ctx, 1),
	} {
		if err == nil || errors.Is(err, core.ErrFull) || errors.Is(err, core.ErrNoLetter) {
			t.Errorf("%s = %v, which claims to know the outcome", name, err)
		}
	}
}
