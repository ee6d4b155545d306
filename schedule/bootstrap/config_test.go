package bootstrap_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/shared/tracing"
)

func TestCommitAheadIsReadAndChecked(t *testing.T) {
	tests := map[string]struct {
		value string
		want  time.Duration
		err   string
	}{
		"off":      {value: "0s"},
		"most":     {value: "1500ms", want: bootstrap.MaxAhead},
		"more":     {value: "1501ms", err: "COMMIT_AHEAD: is 1.501s, want a duration from 0s to 1.5s"},
		"negative": {value: "-1s", err: "COMMIT_AHEAD: is -1s, want"},
		"no unit":  {value: "1", err: "COMMIT_AHEAD: is \"1\", want a duration such as"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("NAMESPACE", "ns")
			t.Setenv("NATS_HOSTS", "nats://127.0.0.1:4222")
			t.Setenv("COMMIT_AHEAD", test.value)
			cfg, err := bootstrap.LoadConfig()
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.err) {
					t.Fatalf("got %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Ahead == nil || *cfg.Ahead != test.want {
				t.Errorf("got %v, want %s", cfg.Ahead, test.want)
			}
		})
	}
}

func TestCommitAheadIsCheckedWithoutTheEnvironment(t *testing.T) {
	t.Parallel()
	ahead := time.Minute
	_, err := bootstrap.NewWithConn(context.Background(), bootstrap.Config{Ahead: &ahead}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "COMMIT_AHEAD: ") {
		t.Errorf("got %v, want it to name COMMIT_AHEAD", err)
	}
}

// The variables of OpenTelemetry are read like any other, and an empty one is none.
func TestTracingIsReadAndChecked(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("NAMESPACE", "ns")
	t.Setenv("NATS_HOSTS", "nats://127.0.0.1:4222")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
	t.Setenv("OTEL_TRACES_SAMPLER", "")
	if cfg, err := bootstrap.LoadConfig(); err != nil || cfg.Tracing.Endpoint != "http://collector:4318" {
		t.Errorf("got %+v, %v", cfg.Tracing, err)
	}
	t.Setenv("OTEL_TRACES_SAMPLER", "sometimes")
	if _, err := bootstrap.LoadConfig(); err == nil || !strings.HasPrefix(err.Error(), `OTEL_TRACES_SAMPLER: is "sometimes", want always_on`) {
		t.Errorf("got %v", err)
	}
}

func TestTracingIsCheckedWithoutTheEnvironment(t *testing.T) {
	t.Parallel()
	cfg := bootstrap.Config{Tracing: tracing.Settings{Endpoint: "collector:4318"}}
	_, err := bootstrap.NewWithConn(context.Background(), cfg, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "OTEL_EXPORTER_OTLP_ENDPOINT: ") {
		t.Errorf("got %v, want it to name OTEL_EXPORTER_OTLP_ENDPOINT", err)
	}
}
