// Package metrics serves what a program tells Prometheus about itself.
package metrics

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Path is where metrics are served.
const Path = "/metrics"

// LabelNamespace is a label of every metric of ours: the namespace that the
// program works for. Kubernetes has a label of that name for its own namespaces,
// so a scrape has to honour ours (honor_labels).
const LabelNamespace = "namespace"

const (
	// timeout bounds one answer; collectors are quicker, or have a limit of their own.
	timeout = 10 * time.Second
	// atOnce is how many requests are answered at once. Requests that come during a
	// collection share it.
	atOnce = 16
)

// Labels are those of every metric of a program that works for a namespace.
func Labels(namespace string) prometheus.Labels {
	return prometheus.Labels{LabelNamespace: namespace}
}

// New returns a registry with what the Go runtime and the operating system know
// of the process (go_…, process_…). A process needs one.
func New(namespace string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	prometheus.WrapRegistererWith(Labels(namespace), r).MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return r
}

// BuildInfo is a gauge {prefix}_build_info that is 1 and whose labels say what
// the program was built from.
func BuildInfo(prefix, namespace, version string) prometheus.Collector {
	labels := Labels(namespace)
	labels["version"], labels["goversion"] = version, runtime.Version()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: prefix + "_build_info", Help: "Always 1. What the program was built from.", ConstLabels: labels,
	})
	info.Set(1)
	return info
}

// Beside answers GET /metrics with what g gathers, in the format that the
// request asks for, and leaves all other requests to next, as they came. Nil:
// there are no others. A collector that fails costs its own metrics only.
func Beside(next http.Handler, g prometheus.Gatherer) http.Handler {
	own := promhttp.HandlerFor(g, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: atOnce, CoalesceGather: true, Timeout: timeout,
	})
	if next == nil {
		next = http.NotFoundHandler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != Path:
			next.ServeHTTP(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "want GET", http.StatusMethodNotAllowed)
		default:
			own.ServeHTTP(w, r)
		}
	})
}
