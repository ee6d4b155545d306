package porttest

import (
	"context"
	"testing"
	"time"
)

// probe is the key or token of what listen sends.
const probe = "probe"

// listen passes what receive gets on to sink until stop, which waits for the
// end. It returns when the source is known to deliver: send sends a probe,
// which isProbe knows again and sink does not see.
func listen[M any](t *testing.T, receive func(context.Context, func(M)) error, sink func(M), send func(), isProbe func(M) bool) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	heard := make(chan struct{}, 1)
	go func() {
		done <- receive(ctx, func(m M) {
			if isProbe(m) {
				select {
				case heard <- struct{}{}:
				default:
				}
				return
			}
			sink(m)
		})
	}()
	stop = func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			done <- nil
		case <-time.After(patience):
			t.Error("Receive does not return")
		}
	}
	t.Cleanup(stop)
	repeat(t, send, heard)
	return stop
}

// repeat sends until something was heard.
func repeat(t *testing.T, send func(), heard <-chan struct{}) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(patience); ; {
		send()
		select {
		case <-heard:
			return
		case <-ticker.C:
		}
		if time.Now().After(end) {
			t.Fatal("no probe comes through")
		}
	}
}

func next[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}
