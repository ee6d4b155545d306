// Package receiver is the target of callbacks in a test's process.
package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Call is a callback that arrived.
type Call struct {
	ID        string
	Namespace string
	Key       string
	Scheduled time.Time // nominal time
	Arrived   time.Time
	From      string // address of the worker, without its port
	Agent     string // what the worker says that it is
	Header    http.Header
	Body      []byte
}

// Receiver answers every callback with 204.
type Receiver struct {
	port int
}

// Start listens on addr ("host:0" chooses a port) until the test's cleanup and
// calls on for every callback before it is answered, from several goroutines at
// once. A callback
// whose headers cannot be read is an error of the test and is answered with
// 400.
func Start(t testing.TB, addr string, on func(Call)) *Receiver {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		t.Fatalf("receiver: %v", err)
	}
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			call, err := read(r)
			if err != nil {
				t.Errorf("receiver: %v", err)
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			on(call)
			w.WriteHeader(http.StatusNoContent)
		}),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("receiver: %v", err)
		}
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return &Receiver{port: listener.Addr().(*net.TCPAddr).Port} //nolint:forcetypeassert // it listens on tcp
}

// URL is where callbacks go, seen from a place that knows this process as host.
func (r *Receiver) URL(host string) string {
	return fmt.Sprintf("http://%s:%d/callback", host, r.port)
}

func read(r *http.Request) (Call, error) {
	c := Call{
		ID:        r.Header.Get(contract.HeaderID),
		Namespace: r.Header.Get(contract.HeaderNamespace),
		Key:       r.Header.Get(contract.HeaderKey),
		Arrived:   time.Now(),
		Agent:     r.UserAgent(),
		Header:    r.Header,
	}
	if r.Method != http.MethodPost || c.ID == "" || c.Namespace == "" || c.Key == "" {
		return c, fmt.Errorf("%s with %d headers, want POST with %s, %s and %s",
			r.Method, len(r.Header), contract.HeaderID, contract.HeaderNamespace, contract.HeaderKey)
	}
	var err error
	if c.Body, err = io.ReadAll(r.Body); err != nil {
		return c, err
	}
	if c.From, _, err = net.SplitHostPort(r.RemoteAddr); err != nil {
		return c, err
	}
	c.Scheduled, err = time.Parse(time.RFC3339Nano, r.Header.Get(contract.HeaderTime))
	if err != nil {
		return c, fmt.Errorf("%s: %w", contract.HeaderTime, err)
	}
	return c, nil
}
