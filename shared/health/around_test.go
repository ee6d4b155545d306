package health

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestAroundServesWhileItRuns(t *testing.T) {
	t.Parallel()
	listener, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ours := errors.New("ours")
	err = around(t.Context(), listener, Handler(nil), func(ctx context.Context) error {
		if err := Check(ctx, listener.Addr().String()); err != nil {
			t.Error(err)
		}
		return ours
	})
	if !errors.Is(err, ours) {
		t.Errorf("got %v, want what it returned", err)
	}
	if err := Check(t.Context(), listener.Addr().String()); err == nil {
		t.Error("it still serves")
	}
}

// What cannot be asked for its health any more is not to go on unseen.
func TestAroundEndsWhatCannotBeServed(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]error{"returns nil": nil, "returns its context's error": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := Listen(t.Context(), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			listener.Close()
			err = around(t.Context(), listener, Handler(nil), func(ctx context.Context) error {
				<-ctx.Done()
				return result
			})
			if err == nil || !strings.HasPrefix(err.Error(), "HTTP_ADDR: ") {
				t.Errorf("got %v, want an error that names HTTP_ADDR", err)
			}
		})
	}
}

func TestAroundEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	err := Around(ctx, "127.0.0.1:0", http.NotFoundHandler(), func(ctx context.Context) error {
		stop()
		<-ctx.Done()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := Around(t.Context(), "nowhere", nil, nil); err == nil || !strings.HasPrefix(err.Error(), "HTTP_ADDR: ") {
		t.Errorf("got %v, want an error that names HTTP_ADDR", err)
	}
}
