package natsio_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/shared/natstest"
)

// Messages that had been delivered when the receiver was told to stop come all the
// same, and those that are published later to none.
func TestReceivePassesOnWhatCame(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	nc, other := server.Connect(t), server.Connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	first, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var got []string
	go func() {
		done <- natsio.Receive(ctx, nc, "a.>", "q", func(msg *nats.Msg) {
			if got = append(got, msg.Subject); len(got) == 1 {
				close(first)
				<-goOn
			}
		})
	}()
	publish(t, other, "a.1", first)
	for _, subject := range []string{"a.2", "a.3", "b"} {
		if err := other.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(other.Flush(), nc.Flush()); err != nil { // they are at the receiver's connection
		t.Fatal(err)
	}
	cancel()
	close(goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if want := []string{"a.1", "a.2", "a.3"}; !slices.Equal(slices.Compact(got), want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := nc.NumSubscriptions(); n != 0 {
		t.Errorf("%d subscriptions are left", n)
	}
}

// publish publishes until one has arrived: the subscription may not be there yet.
func publish(t *testing.T, nc *nats.Conn, subject string, arrived <-chan struct{}) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for limit := time.Now().Add(time.Minute); ; {
		if err := nc.Publish(subject, nil); err != nil || time.Now().After(limit) {
			t.Fatalf("nothing arrived: %v", err)
		}
		select {
		case <-arrived:
			return
		case <-again.C:
		}
	}
}

func TestReceiveTellsOfAClosedConnection(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	first, done := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		done <- natsio.Receive(t.Context(), nc, "a", "q", func(*nats.Msg) {
			select {
			case first <- struct{}{}:
			default:
			}
		})
	}()
	publish(t, nc, "a", first)
	nc.Close()
	if err := <-done; !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("got %v", err)
	}
	if err := natsio.Receive(t.Context(), nc, "a", "q", nil); !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("got %v", err)
	}
}
