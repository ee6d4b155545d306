package tracing_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/setting"
	"github.com/weplanx/workflow/shared/tracing"
)

const secret = "canary"

func TestCheckAccepts(t *testing.T) {
	t.Parallel()
	on := func(s tracing.Settings) tracing.Settings {
		s.Endpoint = "http://localhost:4318"
		return s
	}
	for name, s := range map[string]tracing.Settings{
		"nothing":               {},
		"wrong, but off":        {Protocol: "carrier pigeon", Sampler: "x", Timeout: "soon"},
		"wrong, but disabled":   {Endpoint: "?", Disabled: "TRUE"},
		"wrong, but none":       {Endpoint: "?", Exporter: "none"},
		"switches":              on(tracing.Settings{Disabled: "False", Exporter: "otlp"}),
		"default endpoint":      {Exporter: "otlp"},
		"grpc":                  on(tracing.Settings{Protocol: "grpc"}),
		"of traces wins":        on(tracing.Settings{Protocol: "http/json", TracesProtocol: "http/protobuf"}),
		"https":                 {Endpoint: "https://collector.example.com/base/"},
		"of traces alone":       {TracesEndpoint: "http://[::1]:4318/any/path"},
		"headers":               on(tracing.Settings{Headers: "Authorization=Bearer%20a=b, x-key = 1 ,"}),
		"attributes":            on(tracing.Settings{Attributes: "deployment.environment.name=prod,a%2Cb=c%2Cd"}),
		"sampler":               on(tracing.Settings{Sampler: "parentbased_always_off", SamplerArg: "unused"}),
		"ratio":                 on(tracing.Settings{Sampler: "TraceIDRatio", SamplerArg: "0.25"}),
		"ratio without a share": on(tracing.Settings{Sampler: "parentbased_traceidratio"}),
		"numbers":               on(tracing.Settings{Timeout: "1", Delay: "3600000", ExportTimeout: "30000", Queue: "100", Batch: "100"}),
		"small queue":           on(tracing.Settings{Queue: "1"}),
		"files for https only":  on(tracing.Settings{CA: "/nowhere", Cert: "/nowhere"}),
		"gzip":                  on(tracing.Settings{Compression: "gzip", TracesCompression: "none"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := s.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	noPEM := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(noPEM, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const endpoint, traces = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	for name, test := range map[string]struct {
		change func(*tracing.Settings)
		name   string
		want   string
	}{
		"disabled":     {func(s *tracing.Settings) { s.Disabled = "yes" }, "OTEL_SDK_DISABLED", `is "yes", want true or false`},
		"exporter":     {func(s *tracing.Settings) { s.Exporter = "zipkin" }, "OTEL_TRACES_EXPORTER", `is "zipkin", want otlp or none`},
		"protocol":     {func(s *tracing.Settings) { s.Protocol = "http/json" }, "OTEL_EXPORTER_OTLP_PROTOCOL", "want http/protobuf or grpc"},
		"of traces":    {func(s *tracing.Settings) { s.TracesProtocol = "udp" }, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", `is "udp"`},
		"no scheme":    {func(s *tracing.Settings) { s.Endpoint = "collector:4318" }, endpoint, "http://host:4318"},
		"other scheme": {func(s *tracing.Settings) { s.Endpoint = "ftp://" + secret }, endpoint, "is not the URL of a collector"},
		"no URL":       {func(s *tracing.Settings) { s.Endpoint = "http://" + secret + ":x" }, endpoint, "is not a URL"},
		"port":         {func(s *tracing.Settings) { s.TracesEndpoint = "http://h:0/v1/traces" }, traces, "1 to 65535"},
		"user":         {func(s *tracing.Settings) { s.Endpoint = "http://" + secret + ":b@h" }, endpoint, "OTEL_EXPORTER_OTLP_HEADERS"},
		"query":        {func(s *tracing.Settings) { s.TracesEndpoint = "http://h/?key=" + secret }, traces, "holds a query"},
		"header":       {func(s *tracing.Settings) { s.Headers = "a=b," + secret }, "OTEL_EXPORTER_OTLP_HEADERS", "name=value"},
		"header name":  {func(s *tracing.Settings) { s.TracesHeaders = secret + " x=b" }, "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "name=value"},
		"line break":   {func(s *tracing.Settings) { s.Headers = "a=" + secret + "%0d%0ab" }, "OTEL_EXPORTER_OTLP_HEADERS", "name=value"},
		"attribute":    {func(s *tracing.Settings) { s.Attributes = "=" + secret }, "OTEL_RESOURCE_ATTRIBUTES", "name=value"},
		"sampler":      {func(s *tracing.Settings) { s.Sampler = "jaeger_remote" }, "OTEL_TRACES_SAMPLER", `is "jaeger_remote", want always_on`},
		"ratio":        {func(s *tracing.Settings) { s.Sampler, s.SamplerArg = "traceidratio", "1.5" }, "OTEL_TRACES_SAMPLER_ARG", "0 to 1"},
		"no number":    {func(s *tracing.Settings) { s.Sampler, s.SamplerArg = "traceidratio", "NaN" }, "OTEL_TRACES_SAMPLER_ARG", "0 to 1"},
		"timeout":      {func(s *tracing.Settings) { s.Timeout = "10s" }, "OTEL_EXPORTER_OTLP_TIMEOUT", "whole number of milliseconds from 1"},
		"compression":  {func(s *tracing.Settings) { s.Compression = "zstd" }, "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip or none"},
		"delay":        {func(s *tracing.Settings) { s.Delay = "0" }, "OTEL_BSP_SCHEDULE_DELAY", "milliseconds"},
		"queue":        {func(s *tracing.Settings) { s.Queue = "-1" }, "OTEL_BSP_MAX_QUEUE_SIZE", "whole number of spans"},
		"batch":        {func(s *tracing.Settings) { s.Queue, s.Batch = "10", "11" }, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1 to 10"},
		"authorities":  {func(s *tracing.Settings) { s.Endpoint, s.CA = "https://h", "/nowhere" }, "OTEL_EXPORTER_OTLP_CERTIFICATE", "no such file"},
		"no authority": {func(s *tracing.Settings) { s.Endpoint, s.TracesCA = "https://h", noPEM }, "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "no certificate"},
		"half a pair":  {func(s *tracing.Settings) { s.Endpoint, s.Key = "https://h", noPEM }, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "is missing"},
		"no pair":      {func(s *tracing.Settings) { s.Endpoint, s.Cert, s.Key = "https://h", noPEM, noPEM }, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "CLIENT_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tracing.Settings{Endpoint: "http://localhost:4318"}
			test.change(&s)
			err := s.Check()
			bad, is := err.(*setting.Error) //nolint:errorlint // it must be the error itself
			if !is || bad.Name != test.name || !strings.Contains(bad.Problem, test.want) {
				t.Fatalf("got %v, want %s: … %s …", err, test.name, test.want)
			}
			if text := bad.Error(); strings.Contains(text, secret) || strings.ContainsAny(text, "\r\n") {
				t.Errorf("got %q", text)
			}
			if p, err := tracing.Start(s, tracing.Program{}, nil); p != nil || err == nil {
				t.Errorf("it was started: %v", err)
			}
		})
	}
}
