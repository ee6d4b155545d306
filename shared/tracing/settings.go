package tracing

import (
	"strings"

	"github.com/weplanx/workflow/shared/setting"
)

// Variables of which errors tell.
const (
	varDisabled       = "OTEL_SDK_DISABLED"
	varExporter       = "OTEL_TRACES_EXPORTER"
	varSampler        = "OTEL_TRACES_SAMPLER"
	varSamplerArg     = "OTEL_TRACES_SAMPLER_ARG"
	varAttributes     = "OTEL_RESOURCE_ATTRIBUTES"
	varEndpoint       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	varTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	varDelay          = "OTEL_BSP_SCHEDULE_DELAY"
	varExportTimeout  = "OTEL_BSP_EXPORT_TIMEOUT"
	varQueue          = "OTEL_BSP_MAX_QUEUE_SIZE"
	varBatch          = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"

	general = "OTEL_EXPORTER_OTLP_"        // of all signals
	special = "OTEL_EXPORTER_OTLP_TRACES_" // of traces, which win
)

// Settings are the variables that the specification of OpenTelemetry has for
// traces, each as it is written. The zero value has tracing off.
type Settings struct {
	Endpoint       string `envconfig:"OTEL_EXPORTER_OTLP_ENDPOINT" desc:"URL of an OpenTelemetry collector, such as http://host:4318; empty: no traces"`
	TracesEndpoint string `envconfig:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" desc:"the same for traces alone, with its path, such as http://host:4318/v1/traces"`
	Protocol       string `envconfig:"OTEL_EXPORTER_OTLP_PROTOCOL" desc:"http/protobuf or grpc; empty: http/protobuf"`
	Headers        string `envconfig:"OTEL_EXPORTER_OTLP_HEADERS" desc:"for the collector, name=value, comma-separated"` // secrets
	Service        string `envconfig:"OTEL_SERVICE_NAME" desc:"name of the program in traces; empty: schedule or worker"`
	Attributes     string `envconfig:"OTEL_RESOURCE_ATTRIBUTES" desc:"of the program in traces, name=value, comma-separated"`
	Sampler        string `envconfig:"OTEL_TRACES_SAMPLER" desc:"always_on, always_off or traceidratio, also after parentbased_; empty: always_on"`
	SamplerArg     string `envconfig:"OTEL_TRACES_SAMPLER_ARG" desc:"share of the traces that traceidratio takes, 0 to 1; empty: 1"`
	Exporter       string `envconfig:"OTEL_TRACES_EXPORTER" desc:"otlp or none"`
	Disabled       string `envconfig:"OTEL_SDK_DISABLED" desc:"true: no traces"`

	// Those that are for few have no text, so the help of programs leaves them out.
	TracesProtocol    string `envconfig:"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"`
	TracesHeaders     string `envconfig:"OTEL_EXPORTER_OTLP_TRACES_HEADERS"`
	Timeout           string `envconfig:"OTEL_EXPORTER_OTLP_TIMEOUT"` // of a request, in milliseconds; empty: 10 s
	TracesTimeout     string `envconfig:"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"`
	Compression       string `envconfig:"OTEL_EXPORTER_OTLP_COMPRESSION"` // gzip or none
	TracesCompression string `envconfig:"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION"`
	CA                string `envconfig:"OTEL_EXPORTER_OTLP_CERTIFICATE"` // PEM files
	TracesCA          string `envconfig:"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE"`
	Cert              string `envconfig:"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"`
	TracesCert        string `envconfig:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE"`
	Key               string `envconfig:"OTEL_EXPORTER_OTLP_CLIENT_KEY"`
	TracesKey         string `envconfig:"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY"`
	Delay             string `envconfig:"OTEL_BSP_SCHEDULE_DELAY"`        // of a batch, in milliseconds; empty: 5 s
	ExportTimeout     string `envconfig:"OTEL_BSP_EXPORT_TIMEOUT"`        // of a batch with its retries; empty: 30 s
	Queue             string `envconfig:"OTEL_BSP_MAX_QUEUE_SIZE"`        // spans; empty: 8192
	Batch             string `envconfig:"OTEL_BSP_MAX_EXPORT_BATCH_SIZE"` // spans; empty: 512
}

// Where a collector is that nobody has told of, by the specification.
const (
	localhost     = "http://localhost:4318"
	localhostGRPC = "http://localhost:4317"
)

// Check refuses what traces could not be exported with, reading the files that
// are named. What is off is not looked at. The error is a *setting.Error, which
// shows no secret.
func (s *Settings) Check() error {
	_, err := s.plan()
	return err
}

// enabled reports whether there is a collector, and none of the switches is off.
func (s *Settings) enabled() (bool, error) {
	disabled := strings.ToLower(strings.TrimSpace(s.Disabled))
	if disabled != "" && disabled != "true" && disabled != "false" {
		return false, wrong(varDisabled, "is "+setting.Quote(s.Disabled)+", want true or false")
	}
	exporter := strings.TrimSpace(s.Exporter)
	switch exporter {
	case "", "otlp", "none":
	default:
		return false, wrong(varExporter, "is "+setting.Quote(s.Exporter)+", want otlp or none")
	}
	collector := s.Endpoint != "" || s.TracesEndpoint != "" || exporter == "otlp"
	return collector && exporter != "none" && disabled != "true", nil
}

func wrong(name, problem string) error { return &setting.Error{Name: name, Problem: problem} }

// choice is a setting that traces may have for themselves, with the variable that
// it comes from.
type choice struct{ name, value string }

// either is the setting for traces or, where that is empty, the one for all
// signals.
func either(name, traces, all string) choice {
	if traces != "" {
		return choice{special + name, traces}
	}
	return choice{general + name, all}
}

func (c choice) wrong(problem string) error { return wrong(c.name, problem) }
