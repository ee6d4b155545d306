package tracing_test

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/weplanx/workflow/shared/tracing"
)

// A collector is believed only when the authorities vouch for it.
func TestCollectorByHTTPS(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the client that does not believe it
	server.StartTLS()
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	stranger, out := started(t, tracing.Settings{Endpoint: server.URL})
	stranger.Tracer().Root(occurrence(1), "fire").End()
	closed(t, stranger)
	if requests.Load() != 0 || !strings.Contains(out.String(), "cannot be reached: tls: ") {
		t.Errorf("without the authority: %d requests, log %s", requests.Load(), out)
	}
	p, out := started(t, tracing.Settings{Endpoint: server.URL, CA: file})
	p.Tracer().Root(occurrence(1), "fire").End()
	closed(t, p)
	if requests.Load() != 1 || out.String() != "" {
		t.Errorf("with the authority: %d requests, log %s", requests.Load(), out)
	}
}

// rpc is a collector that speaks gRPC.
type rpc struct {
	collector.UnimplementedTraceServiceServer
	refusal error
	spans   atomic.Int32
	key     atomic.Value
}

func (r *rpc) Export(ctx context.Context, request *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	if r.refusal != nil {
		return nil, r.refusal
	}
	m, _ := metadata.FromIncomingContext(ctx)
	r.key.Store(strings.Join(m.Get("api-key"), ","))
	for _, of := range request.GetResourceSpans() {
		for _, s := range of.GetScopeSpans() {
			r.spans.Add(int32(len(s.GetSpans())))
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

// serve returns the URL of the collector.
func (r *rpc) serve(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, r)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

func TestCollectorByGRPC(t *testing.T) {
	t.Parallel()
	for _, compression := range []string{"", "gzip"} {
		c := &rpc{}
		p, out := started(t, tracing.Settings{Endpoint: c.serve(t), Protocol: "grpc", Headers: "api-key=x", Compression: compression})
		for i := range 20 {
			p.Tracer().Root(occurrence(i), "fire").End()
		}
		closed(t, p)
		if c.spans.Load() != 20 || c.key.Load() != "x" || out.String() != "" {
			t.Errorf("%d spans, key %v, log %s", c.spans.Load(), c.key.Load(), out)
		}
	}
}

func TestCollectorByGRPCThatFails(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"refuses": (&rpc{refusal: io.ErrUnexpectedEOF}).serve(t), "down": "http://127.0.0.1:1"} {
		p, out := started(t, tracing.Settings{Endpoint: url, Protocol: "grpc", ExportTimeout: "500"})
		p.Tracer().Root(occurrence(1), "fire").End()
		closed(t, p)
		if text := out.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `"count":1,`) || strings.Contains(text, "EOF") {
			t.Errorf("%s: got log %s", name, text)
		}
	}
}
