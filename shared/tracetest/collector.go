// Package tracetest is a collector of OpenTelemetry traces in the process of a
// test: it takes what programs send by OTLP over HTTP.
package tracetest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/weplanx/workflow/shared/tracing"
)

// Collector keeps the spans that it was sent.
type Collector struct {
	URL     string        // for OTEL_EXPORTER_OTLP_ENDPOINT
	Reached chan struct{} // closed with the first request

	once    sync.Once
	mu      sync.Mutex
	spans   []Span
	sent    bytes.Buffer
	headers []http.Header
	changed chan struct{} // closed and replaced with every batch
}

// Start starts a collector that takes everything.
func Start(t *testing.T) *Collector {
	t.Helper()
	return start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf") // an empty answer: all was taken
	})
}

// Failing starts a collector that answers with that status and text, and takes
// nothing.
func Failing(t *testing.T, status int, text string) *Collector {
	t.Helper()
	return start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}

// Hanging starts a collector that takes requests and answers none of them.
func Hanging(t *testing.T) *Collector {
	t.Helper()
	return start(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

func start(t *testing.T, answer http.HandlerFunc) *Collector {
	t.Helper()
	c := &Collector{Reached: make(chan struct{}), changed: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.take(r); err != nil {
			t.Errorf("collector: %v", err)
		}
		c.once.Do(func() { close(c.Reached) })
		answer(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	c.URL = server.URL
	return c
}

// Settings are those of a program that exports to the collector.
func (c *Collector) Settings() tracing.Settings { return tracing.Settings{Endpoint: c.URL} }

func (c *Collector) take(r *http.Request) error {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(r.Body)
		if err != nil {
			return err
		}
		body = plain
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var request collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(data, &request); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent.Write(data)
	header := r.Header.Clone()
	header.Set("Path", r.URL.Path)
	c.headers = append(c.headers, header)
	c.spans = append(c.spans, read(&request)...)
	close(c.changed)
	c.changed = make(chan struct{})
	return nil
}

// Spans returns what was sent so far, in the order in which the spans began.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := slices.Clone(c.spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	return spans
}

// Sent returns all that was sent, as bytes of protobuf, uncompressed.
func (c *Collector) Sent() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.sent.Bytes())
}

// Headers returns those of all requests, each with its path as "Path".
func (c *Collector) Headers() []http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.headers)
}

// Await waits until is holds of what was sent, and returns that.
func (c *Collector) Await(t *testing.T, what string, is func([]Span) bool) []Span {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		if spans := c.Spans(); is(spans) {
			return spans
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("it did not happen that %s; got %+v", what, c.Spans())
		}
	}
}
