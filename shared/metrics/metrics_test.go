package metrics_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/weplanx/workflow/shared/metrics"
)

// ask requests a path and returns status and body.
func ask(t *testing.T, h http.Handler, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

func TestServesTheProcessAndTheBuild(t *testing.T) {
	t.Parallel()
	r := metrics.New("beta")
	r.MustRegister(metrics.BuildInfo("schedule", "beta", "v1.2.3"))
	status, body := ask(t, metrics.Beside(nil, r), http.MethodGet, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("got status %d: %s", status, body)
	}
	for _, want := range []string{
		`go_goroutines{namespace="beta"} `, `process_start_time_seconds{namespace="beta"} `,
		`schedule_build_info{goversion="` + runtime.Version() + `",namespace="beta",version="v1.2.3"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the answer lacks %s:\n%s", want, body)
		}
	}
	if problems, err := testutil.GatherAndLint(r); err != nil || len(problems) > 0 {
		t.Errorf("got %v, %v", problems, err)
	}
}

func TestLeavesOtherRequests(t *testing.T) {
	t.Parallel()
	var got string
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.Path
		w.WriteHeader(http.StatusTeapot)
	})
	h := metrics.Beside(next, prometheus.NewRegistry())
	for _, path := range []string{"/", "/metrics/", "/events//a", "/metricsx"} {
		if status, _ := ask(t, h, http.MethodGet, path); status != http.StatusTeapot || got != path {
			t.Errorf("%s: got status %d, path %s", path, status, got)
		}
	}
	if status, _ := ask(t, metrics.Beside(nil, prometheus.NewRegistry()), http.MethodGet, "/"); status != http.StatusNotFound {
		t.Errorf("without others: got status %d", status)
	}
	if status, _ := ask(t, h, http.MethodPost, "/metrics"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: got status %d", status)
	}
}

type failing struct{ desc *prometheus.Desc }

func (f failing) Describe(d chan<- *prometheus.Desc) { d <- f.desc }

func (f failing) Collect(m chan<- prometheus.Metric) {
	m <- prometheus.NewInvalidMetric(f.desc, errors.New("broken"))
}

func TestOneCollectorThatFailsCostsItsOwnMetricsOnly(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	r.MustRegister(metrics.BuildInfo("worker", "beta", "dev"), failing{prometheus.NewDesc("broken", "It fails.", nil, nil)})
	status, body := ask(t, metrics.Beside(nil, r), http.MethodGet, "/metrics")
	if status != http.StatusOK || !strings.Contains(body, "worker_build_info") || strings.Contains(body, "broken") {
		t.Errorf("got status %d: %s", status, body)
	}
}
