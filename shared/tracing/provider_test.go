package tracing_test

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/tracetest"
	"github.com/weplanx/workflow/shared/tracing"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// output is what a program logs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func started(t *testing.T, s tracing.Settings) (*tracing.Provider, *output) {
	t.Helper()
	out := &output{}
	p, err := tracing.Start(s, tracing.Program{Name: "worker", Version: "v1", Instance: "w-1"}, logging.New("release", out))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, out
}

// occurrence is the ID of the n-th one.
func occurrence(n int) string { return contract.OccurrenceID("beta", "key", 0, time.Unix(int64(n), 0)) }

// closed exports all of what has ended, however long that takes here, and closes.
func closed(t *testing.T, providers ...*tracing.Provider) {
	t.Helper()
	for _, p := range providers {
		p.Flush(t.Context())
		p.Close()
	}
}

func TestOff(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]tracing.Settings{
		"nothing": {}, "disabled": {Endpoint: "http://h", Disabled: "true"}, "none": {Endpoint: "http://h", Exporter: "none"},
	} {
		p, _ := started(t, s)
		if p != nil || p.Tracer() != nil {
			t.Errorf("%s: it is on", name)
		}
	}
}

func TestSpansOfTwoProgramsAreOneTrace(t *testing.T) {
	t.Parallel()
	c := tracetest.Start(t)
	scheduler, _ := started(t, c.Settings())
	worker, _ := started(t, tracing.Settings{Endpoint: c.URL, Service: "mine", Attributes: "a=b%20c,service.version=v2", Headers: "api-key=x%2Cy", Compression: "gzip"})
	id := occurrence(1)
	worker.Tracer().Child(id, "attempt").End() // before the scheduler's
	scheduler.Tracer().Root(id, "fire").End()
	scheduler.Tracer().Root(id+"-1", "again").End()
	closed(t, scheduler, worker)
	worker.Close()
	spans := c.Spans()
	if len(spans) != 3 {
		t.Fatalf("got %+v", spans)
	}
	attempt, fire, again := spans[0], spans[1], spans[2]
	root := contract.RootSpan(id)
	if fire.TraceID != id || fire.SpanID != hex.EncodeToString(root[:]) || fire.Parent != "" {
		t.Errorf("first span: got %+v", fire)
	}
	if attempt.TraceID != id || attempt.Parent != fire.SpanID || attempt.SpanID == fire.SpanID {
		t.Errorf("second span: got %+v", attempt)
	}
	if again.TraceID != contract.TraceID(id+"-1") || again.TraceID == id {
		t.Errorf("third span: got %+v", again)
	}
	if r := fire.Resource; r["service.name"] != "worker" || r["service.version"] != "v1" || r["service.instance.id"] != "w-1" {
		t.Errorf("got resource %v", r)
	}
	if r := attempt.Resource; r["service.name"] != "mine" || r["service.version"] != "v2" || r["a"] != "b c" || r["telemetry.sdk.language"] != "go" {
		t.Errorf("got resource %v", r)
	}
	headers := c.Headers()
	at := slices.IndexFunc(headers, func(h http.Header) bool { return h["Api-Key"] != nil })
	if at < 0 || headers[at].Get("Api-Key") != "x,y" || headers[at].Get("Path") != "/v1/traces" || headers[at].Get("Content-Encoding") != "gzip" {
		t.Errorf("got headers %v", headers)
	}
}

func TestTracesEndpointIsUsedAsItIs(t *testing.T) {
	t.Parallel()
	c := tracetest.Start(t)
	p, _ := started(t, tracing.Settings{Endpoint: "http://127.0.0.1:1", TracesEndpoint: c.URL + "/own/path"})
	p.Tracer().Root(occurrence(1), "fire").End()
	closed(t, p)
	if h := c.Headers(); len(h) != 1 || h[0].Get("Path") != "/own/path" {
		t.Errorf("got %v", h)
	}
}

// All programs with the same sampler take the same traces, whole ones.
func TestSamplingIsDecidedByTheTrace(t *testing.T) {
	t.Parallel()
	c := tracetest.Start(t)
	scheduler, _ := started(t, tracing.Settings{Endpoint: c.URL, Sampler: "traceidratio", SamplerArg: "0.25"})
	worker, _ := started(t, tracing.Settings{Endpoint: c.URL, Sampler: "parentbased_traceidratio", SamplerArg: "0.25"})
	const n = 4000
	sampled := 0
	for i := range n {
		id := occurrence(i)
		a, b := scheduler.Tracer(), worker.Tracer()
		if a.Sampled(id) != b.Sampled(id) {
			t.Fatalf("the programs disagree about %s", id)
		}
		first, second := a.Root(id, "fire"), b.Child(id, "attempt")
		if a.Sampled(id) {
			sampled++
		}
		if got := first.SpanContext().IsSampled(); got != a.Sampled(id) || second.SpanContext().IsSampled() != got {
			t.Fatalf("the spans of %s are not as the sampler says", id)
		}
		first.End()
		second.End()
	}
	closed(t, scheduler, worker)
	if sampled < n/4-n/20 || sampled > n/4+n/20 {
		t.Errorf("%d of %d are sampled, want about a quarter", sampled, n)
	}
	if got := len(c.Spans()); got != 2*sampled {
		t.Errorf("%d spans were sent, want two each of %d traces", got, sampled)
	}
}

func TestSamplers(t *testing.T) {
	t.Parallel()
	for sampler, want := range map[string]bool{"": true, "always_on": true, "always_off": false, "parentbased_always_off": false, "traceidratio": true} {
		p, _ := started(t, tracing.Settings{Endpoint: "http://127.0.0.1:1", Sampler: sampler})
		for i := range 100 {
			if got := p.Tracer().Sampled(occurrence(i)); got != want {
				t.Fatalf("%q: got %v", sampler, got)
			}
		}
		p.Close()
	}
}

// A collector that hangs keeps nobody from ending spans; what does not fit is
// dropped, and told once. Closing does not wait for it for long.
func TestCollectorThatHangs(t *testing.T) {
	t.Parallel()
	c := tracetest.Hanging(t)
	p, out := started(t, tracing.Settings{Endpoint: c.URL, Queue: "50", Batch: "10"})
	for i := range 10 {
		p.Tracer().Root(occurrence(i), "fire").End()
	}
	<-c.Reached
	for i := range 10_000 {
		p.Tracer().Root(occurrence(i), "fire").End()
	}
	p.Close()
	text := out.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, "the queue is full") || !strings.Contains(text, `"count":1,`) {
		t.Errorf("got log %s", text)
	}
	if got := len(c.Spans()); got != 10 {
		t.Errorf("the collector was sent %d spans, want those of one batch", got)
	}
}

func TestCollectorThatFails(t *testing.T) {
	t.Parallel()
	noName := strings.Repeat("x", 64) // no server has to be asked for it
	for name, test := range map[string]struct {
		url           string
		timeout       string // of a request
		exportTimeout string
		want          string
	}{
		"refuses":  {tracetest.Failing(t, 401, secret).URL, "", "", "the collector answered with status 401"},
		"moved":    {tracetest.Failing(t, 307, secret).URL, "", "", "the collector answered with status 307"},
		"down":     {"http://127.0.0.1:1/" + secret, "", "", "the collector cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused"},
		"no host":  {"http://" + noName + "/" + secret, "", "", "the collector cannot be reached: "},
		"hangs":    {tracetest.Hanging(t).URL, "100", "500", "the collector did not answer in time"},
		"too long": {tracetest.Hanging(t).URL, "", "100", "the collector did not answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, out := started(t, tracing.Settings{Endpoint: test.url, Headers: "authorization=" + secret, Timeout: test.timeout, ExportTimeout: test.exportTimeout})
			for i := range 20 {
				p.Tracer().Root(occurrence(i), "fire").End()
			}
			closed(t, p)
			text := out.String()
			if strings.Count(text, "\n") != 1 || !strings.Contains(text, test.want) || !strings.Contains(text, `"count":20,`) || strings.Contains(text, secret) {
				t.Errorf("got log %s", text)
			}
		})
	}
}
