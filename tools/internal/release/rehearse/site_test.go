package rehearse

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// A program that ends early is told of at once; what it said comes with stop.
func TestGroup(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	g := &group{folder: folder, nats: "nats://127.0.0.1:4222"}
	for name, text := range map[string]string{
		"run":  "#!/bin/sh\ncat\n",
		"fail": "#!/bin/sh\necho \"no $NATS_HOSTS\"\nexit 3\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := g.start(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-g.ended(); err == nil || !strings.Contains(err.Error(), "fail ended (exit status 3) before it was told to") {
		t.Errorf("ended: %v", err)
	}
	err := g.stop(t.Context(), true)
	for _, want := range []string{"fail: exit status 3; it said:\nno nats://127.0.0.1:4222\n", "run: stopped as asked"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("stop: %v, want %q", err, want)
		}
	}
}

func TestSite(t *testing.T) {
	t.Parallel()
	s, err := open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	if _, err := s.conn.RequestWithContext(t.Context(), "$JS.API.INFO", nil); err != nil {
		t.Errorf("JetStream: %v", err)
	}
	answered, over := make(chan error), make(chan struct{})
	go func() {
		defer close(answered)
		for { // a call that nobody waits for is answered and forgotten
			answered <- call(t.Context(), s.target)
			select {
			case <-over:
				return
			default:
			}
		}
	}()
	go func() {
		defer close(over)
		received, err := receive(t.Context(), s, &group{})
		if err != nil || received.Header.Get("schedule-key") != "test" {
			t.Errorf("received %+v, %v", received, err)
		}
	}()
	for err := range answered {
		if err != nil {
			t.Error(err)
		}
	}
}

func call(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("schedule-key", "test")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

func TestTold(t *testing.T) {
	t.Parallel()
	r := &rehearsal{out: &strings.Builder{}}
	request := &http.Request{Method: http.MethodPost, Header: http.Header{"Schedule-Key": {"test"}}}
	if err := r.told(request, [][2]string{{"schedule-key", "test"}}); err == nil || !strings.Contains(err.Error(), "webhook-id") {
		t.Errorf("without webhook-id: %v", err)
	}
	request.Header.Set("webhook-id", "1")
	if err := r.told(request, [][2]string{{"schedule-key", "other"}}); err == nil || !strings.Contains(err.Error(), `schedule-key: "test", want "other"`) {
		t.Errorf("another key: %v", err)
	}
	if err := r.told(request, [][2]string{{"schedule-key", "test"}}); err != nil {
		t.Errorf("right: %v", err)
	}
}

// What never comes ends with the reason of the context.
func TestPollEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	asked := 0
	err := poll(ctx, &group{}, func() (bool, error) {
		if asked++; asked == 2 {
			cancel(nats.ErrTimeout)
		}
		return false, nil
	})
	if !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("got %v", err)
	}
}
