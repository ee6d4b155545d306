package tracing

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exporter sends spans to the collector. The SDK calls it from one goroutine.
type exporter struct {
	inner   sdktrace.SpanExporter
	free    func()
	losses  *losses
	status  *atomic.Int32 // of the last answer; 0: none came
	waiting atomic.Int64

	halted context.Context // ends what is being sent
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing more will be sent
}

func newExporter(p *plan, losses *losses) (*exporter, error) {
	e := &exporter{losses: losses, status: new(atomic.Int32), done: make(chan struct{})}
	e.halted, e.cancel = context.WithCancel(context.Background())
	client, free := p.client(e.status)
	inner, err := otlptrace.New(context.Background(), client)
	e.inner, e.free = inner, free
	return e, err
}

func (p *plan) client(status *atomic.Int32) (client otlptrace.Client, free func()) {
	if p.grpc {
		return p.rpc(), func() {}
	}
	return p.http(status)
}

// http is the client of OTLP over HTTP, and what frees its connections. It has a
// transport of its own, which follows nothing elsewhere: headers may be secret.
func (p *plan) http(status *atomic.Int32) (client otlptrace.Client, free func()) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: p.tls, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: p.timeout,
	}
	compression := otlptracehttp.NoCompression
	if p.gzip {
		compression = otlptracehttp.GzipCompression
	}
	return otlptracehttp.NewClient(
		otlptracehttp.WithEndpointURL(p.endpoint.String()),
		otlptracehttp.WithEncoding(otlptracehttp.EncodingProtobuf),
		otlptracehttp.WithHeaders(p.headers),
		otlptracehttp.WithCompression(compression),
		otlptracehttp.WithTLSClientConfig(nil), // the transport has it
		otlptracehttp.WithHTTPClient(&http.Client{
			Transport: &witness{transport, status}, Timeout: p.timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
	), transport.CloseIdleConnections
}

// witness notes the status of the last answer.
type witness struct {
	http.RoundTripper
	status *atomic.Int32
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	w.status.Store(0)
	response, err := w.RoundTripper.RoundTrip(r)
	if err == nil {
		w.status.Store(int32(response.StatusCode)) //nolint:gosec // three digits
	}
	return response, err
}

// ExportSpans implements sdktrace.SpanExporter. Spans that could not be sent are
// lost, and that is told here: the SDK would tell a global handler.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	defer e.waiting.Add(-int64(len(spans)))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(e.halted, cancel) // in a goroutine of its own
	defer stop()
	err := e.halted.Err()
	if err == nil {
		err = e.inner.ExportSpans(ctx, spans)
	}
	if err != nil {
		e.losses.add(len(spans), e.reason(ctx, err))
	}
	return nil
}

// reason says why spans were lost, without what may be secret: the URL, and what
// the collector says, which may be what it was sent.
func (e *exporter) reason(ctx context.Context, err error) string {
	var call *url.Error
	switch status, code := int(e.status.Load()), code(err); {
	case e.halted.Err() != nil:
		return "the program stopped before they were sent"
	case ctx.Err() != nil:
		return "the collector did not answer in time"
	case errors.As(err, &call) && !call.Timeout():
		return "the collector cannot be reached: " + call.Err.Error()
	case status >= 200 && status <= 299:
		return "the collector did not take all of them"
	case code != "":
		return "the call of the collector failed with code " + code
	case status != 0:
		return "the collector answered with status " + strconv.Itoa(status)
	}
	return "the collector did not answer in time"
}

// Shutdown implements sdktrace.SpanExporter. The SDK calls it when it has sent
// what there was.
func (e *exporter) Shutdown(ctx context.Context) error {
	defer close(e.done)
	return e.inner.Shutdown(ctx)
}

// halt cuts off what is being sent, once the SDK was shut down, and returns when
// everything is freed.
func (e *exporter) halt() {
	e.cancel()
	<-e.done
	e.free()
}
