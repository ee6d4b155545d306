package metrics_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/weplanx/workflow/shared/metrics"
)

// want fails unless c exports exactly that.
func want(t *testing.T, c prometheus.Collector, text string) {
	t.Helper()
	if err := testutil.CollectAndCompare(c, strings.NewReader(text)); err != nil {
		t.Error(err)
	}
}

func TestCountersKeepToTheirSet(t *testing.T) {
	t.Parallel()
	c := metrics.NewCounters(prometheus.CounterOpts{Name: "x_total", Help: "X."}, "what", "store record", "ack")
	c.Of("ack").Add(2)
	c.Of("ack").Inc()
	for _, text := range []string{"", "key", "store record of a secret", "Ack"} {
		c.Of(text).Inc()
	}
	want(t, c, `# HELP x_total X.
# TYPE x_total counter
x_total{what="ack"} 3
x_total{what="other"} 4
x_total{what="store_record"} 0
`)
}

func TestGaugesAreReadAtEveryCollection(t *testing.T) {
	t.Parallel()
	n, known := 0, true
	read := func() (int, bool) { n++; return n, known }
	c := metrics.Gauges(metrics.Labels("beta"), read,
		metrics.Gauge[int]{Name: "a", Help: "A.", Value: func(n int) float64 { return float64(n) }},
		metrics.Gauge[int]{Name: "b", Help: "B.", Value: func(n int) float64 { return metrics.Bool(n == 2) }},
	)
	const format = `# HELP a A.
# TYPE a gauge
a{namespace="beta"} N
# HELP b B.
# TYPE b gauge
b{namespace="beta"} M
`
	want(t, c, strings.NewReplacer("N", "1", "M", "0").Replace(format))
	want(t, c, strings.NewReplacer("N", "2", "M", "1").Replace(format))
	known = false
	want(t, c, "")
}

func TestGroupCollectsAll(t *testing.T) {
	t.Parallel()
	g := metrics.Group{metrics.BuildInfo("a", "beta", "v1"), metrics.Group{metrics.BuildInfo("b", "beta", "v1")}}
	r := prometheus.NewRegistry()
	r.MustRegister(g)
	if n, err := testutil.GatherAndCount(r); n != 2 || err != nil {
		t.Errorf("%d metrics, %v, want 2", n, err)
	}
	if !r.Unregister(g) {
		t.Error("the group cannot be unregistered")
	}
}
