package standalone

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/health"
)

// receiverPath marks a URL as the demo's own.
const receiverPath = "/standalone-demo"

// maxBody bounds what the receiver reads of a callback.
const maxBody = 64 << 10

// Callback is a callback that the demo's receiver got.
type Callback struct {
	ID      string
	Key     string
	Nominal time.Time
	Late    time.Duration // of the receipt, after Nominal
	Attempt string
	Status  int // that it was answered with
}

// receiver is the target of the demo's callbacks.
type receiver struct {
	listener net.Listener
	out      io.Writer
	seen     func(Callback)

	mu sync.Mutex // one line at a time
}

// listenReceiver listens on loopback, on the port that was used before when it
// is still free. host is empty when there was none.
func listenReceiver(ctx context.Context, host string) (net.Listener, error) {
	var config net.ListenConfig
	if host != "" {
		if listener, err := config.Listen(ctx, "tcp", host); err == nil {
			return listener, nil
		}
	}
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return listener, nil
}

// ownHost returns host:port of a URL that a demo of an earlier run has made.
func ownHost(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || u.Path != receiverPath || u.Hostname() != "127.0.0.1" {
		return ""
	}
	return u.Host
}

func (r *receiver) url() string {
	return (&url.URL{Scheme: "http", Host: r.listener.Addr().String(), Path: receiverPath}).String()
}

// serve takes callbacks until ctx ends.
func (r *receiver) serve(ctx context.Context) error {
	return health.ServeOn(ctx, r.listener, r)
}

// ServeHTTP prints a callback and answers 200.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	now := time.Now()
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, request.Body, maxBody))
	nominal, err := time.Parse(time.RFC3339Nano, request.Header.Get(contract.HeaderTime))
	if err != nil || request.URL.Path != receiverPath {
		http.Error(w, "want a callback of the demo's schedule", http.StatusBadRequest)
		return
	}
	c := Callback{
		ID:      request.Header.Get(contract.HeaderID),
		Key:     request.Header.Get(contract.HeaderKey),
		Nominal: nominal,
		Late:    now.Sub(nominal),
		Attempt: request.Header.Get(contract.HeaderAttempt),
		Status:  http.StatusOK,
	}
	w.WriteHeader(c.Status)
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = fmt.Fprintln(r.out, c)
	if r.seen != nil {
		r.seen(c)
	}
}

// String is one line for people.
func (c Callback) String() string {
	line := fmt.Sprintf("%s  callback of %q  nominal %s  %s late  answered %d %s",
		c.Nominal.Add(c.Late).Local().Format("15:04:05.000"), c.Key, c.Nominal.Local().Format("15:04:05.000"),
		c.Late.Round(100*time.Microsecond), c.Status, http.StatusText(c.Status))
	if c.Attempt != "" && c.Attempt != "1" {
		line += "  attempt " + c.Attempt
	}
	return line
}
