package bootstrap_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/bootstrap"
)

func TestLoadConfig(t *testing.T) {
	t.Setenv("MODE", "debug")
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", "127.0.0.1:4222")
	t.Setenv("WORKER_CONCURRENCY", "7")
	c, err := bootstrap.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if c.Concurrency != 7 || c.HTTPAddr != ":8081" || c.Grace != 10*time.Second || c.Namespace != "beta" {
		t.Errorf("got %+v", c)
	}
	for _, wrong := range []string{"many", "-1", "1000000"} {
		t.Setenv("WORKER_CONCURRENCY", wrong)
		_, err := bootstrap.LoadConfig()
		wantError(t, err, "WORKER_CONCURRENCY")
	}
}

// The variables of OpenTelemetry are read like any other, and an empty one is none.
func TestTracingIsReadAndChecked(t *testing.T) {
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", "127.0.0.1:4222")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "")
	if c, err := bootstrap.LoadConfig(); err != nil || c.Tracing.TracesEndpoint != "http://collector:4318/v1/traces" {
		t.Errorf("got %+v, %v", c.Tracing, err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")
	_, err := bootstrap.LoadConfig()
	wantError(t, err, "OTEL_EXPORTER_OTLP_TIMEOUT")
}
