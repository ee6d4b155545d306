package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/worker/bootstrap"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestRunNamesTheWrongVariable(t *testing.T) {
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", "127.0.0.1:4222")
	t.Setenv("HTTP_ADDR", "nowhere")
	var wrong *config.Error
	if err := run(t.Context()); !errors.As(err, &wrong) || wrong.Name != "HTTP_ADDR" {
		t.Errorf("got %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	server := natstest.Start(t)
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", server.URL())
	t.Setenv("HTTP_ADDR", "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	nc := server.Connect(t)
	for subs := 0; subs == 0; time.Sleep(10 * time.Millisecond) { // until it listens to events
		if msg, err := nc.Request("beta.events.k", []byte("{}"), time.Second); err == nil && len(msg.Data) > 0 {
			subs++
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the program does not end")
	}
}

func TestAPIOfAWorkerThatWaits(t *testing.T) {
	t.Parallel()
	var app atomic.Pointer[bootstrap.App]
	w := httptest.NewRecorder()
	api(&app).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/events/k", nil))
	if w.Code != http.StatusServiceUnavailable || !json.Valid(w.Body.Bytes()) || w.Header().Get("Retry-After") == "" {
		t.Errorf("before there is a worker: got %d %s", w.Code, w.Body)
	}
	c := bootstrap.Defaults()
	c.Namespace, c.EventsToken = "beta", "0123456789abcdef"
	a, err := bootstrap.NewWithConn(t.Context(), c, natstest.Start(t).Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	app.Store(a)
	w = httptest.NewRecorder()
	api(&app).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/events/k", nil))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("with a worker: got %d %s", w.Code, w.Body)
	}
}
