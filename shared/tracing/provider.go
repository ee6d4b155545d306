package tracing

import (
	"context"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// scope names who has made the spans.
const scope = "github.com/weplanx/workflow"

// flushLimit bounds how long Close waits for the collector.
const flushLimit = 2 * time.Second

// maxValue is how many characters of an attribute are kept, unless
// OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT says otherwise.
const maxValue = 1024

// Program is what the spans of a program tell of it.
type Program struct {
	Name    string // for example "worker"; OTEL_SERVICE_NAME wins
	Version string
	// Instance tells the nodes of a program apart. Empty: host name and process ID.
	Instance string
}

// Provider makes and exports spans. A nil one is what there is when tracing is
// off: it has no Tracer, and closing it does nothing.
type Provider struct {
	sdk    *sdktrace.TracerProvider
	tracer *Tracer
	export *exporter
	close  sync.Once
}

// Start returns nil when the settings have tracing off. Otherwise it starts to
// export, and the provider has to be closed. It does not wait for the collector,
// which may be down. The error is a *setting.Error that names the variable.
func Start(s Settings, about Program, log *logrus.Logger) (*Provider, error) {
	p, err := s.plan()
	if err != nil || p == nil {
		return nil, err
	}
	losses := &losses{log: log, now: time.Now}
	export, err := newExporter(p, losses)
	if err != nil {
		return nil, wrong(varEndpoint, "cannot be used: "+err.Error())
	}
	sampler := sdktrace.TraceIDRatioBased(p.ratio)
	limits := sdktrace.NewSpanLimits()
	if limits.AttributeValueLengthLimit < 0 {
		limits.AttributeValueLengthLimit = maxValue
	}
	made := sdktrace.NewTracerProvider(
		sdktrace.WithSpanProcessor(newQueue(p, export, losses)),
		sdktrace.WithSampler(sampler),
		sdktrace.WithIDGenerator(ids{}),
		sdktrace.WithRawSpanLimits(limits),
		sdktrace.WithResource(about.resource(s.Service, p.attributes)),
	)
	tracer := &Tracer{tracer: made.Tracer(scope, trace.WithInstrumentationVersion(about.Version)), sampler: sampler}
	return &Provider{sdk: made, tracer: tracer, export: export}, nil
}

// Tracer makes spans. It is nil when tracing is off.
func (p *Provider) Tracer() *Tracer {
	if p == nil {
		return nil
	}
	return p.tracer
}

// Flush exports what has ended, and returns when that is done or ctx ends. Spans that
// could not be sent are lost, and the log is told.
func (p *Provider) Flush(ctx context.Context) {
	if p != nil {
		_ = p.sdk.ForceFlush(ctx)
	}
}

// Close exports what has ended, for two seconds at most, and frees everything.
// Spans that end later are lost. Calling it again does nothing more.
func (p *Provider) Close() {
	if p == nil {
		return
	}
	p.close.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
		defer cancel()
		_ = p.sdk.Shutdown(ctx) // what the exporter does not get done is told by it
		p.export.halt()
	})
}

// resource is what all spans tell of the program. What the environment says
// wins, and of that OTEL_SERVICE_NAME.
func (about Program) resource(service string, attributes []attribute.KeyValue) *resource.Resource {
	instance := about.Instance
	if instance == "" {
		host, err := os.Hostname()
		if err != nil {
			host = about.Name
		}
		instance = host + "-" + strconv.Itoa(os.Getpid())
	}
	all := []attribute.KeyValue{
		semconv.ServiceName(about.Name), semconv.ServiceVersion(about.Version), semconv.ServiceInstanceID(instance),
		semconv.TelemetrySDKName("opentelemetry"), semconv.TelemetrySDKLanguageGo, semconv.TelemetrySDKVersion(sdk.Version()),
	}
	all = append(all, attributes...)
	if service != "" {
		all = append(all, semconv.ServiceName(service))
	}
	return resource.NewWithAttributes(semconv.SchemaURL, all...) // the last of a name wins
}
