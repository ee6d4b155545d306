package prommon

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/metrics"
)

// none is the class of the error of an attempt without one.
const none = "none"

var (
	failures = []string{contract.OutcomeRetry, contract.OutcomeFailed, contract.OutcomeDead}
	classes  = []string{
		contract.ErrorTimeout, contract.ErrorDNS, contract.ErrorConnect, contract.ErrorNetwork, contract.ErrorStatus, contract.ErrorInvalid,
		contract.ErrorStopped, contract.ErrorEgress, contract.ErrorTLS, contract.ErrorProtocol, contract.ErrorTarget, contract.ErrorBusy,
	}
)

// durationBuckets reach to the longest timeout that a job may have.
var durationBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900}

type pair struct{ first, second string }

// attempts are what is counted of single attempts. The children of its vectors
// are looked up once: a worker makes thousands of attempts a second.
type attempts struct {
	counts    *prometheus.CounterVec
	durations *prometheus.HistogramVec
	count     map[pair]prometheus.Counter  // by outcome and class
	duration  map[pair]prometheus.Observer // by mode and outcome
}

func newAttempts(labels prometheus.Labels) attempts {
	a := attempts{
		counts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "worker_attempts_total", Help: "Attempts that were recorded, by outcome and class of error.", ConstLabels: labels,
		}, []string{"outcome", "error_class"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "worker_callback_duration_seconds", Help: "How long attempts took, from the call to its answer.", ConstLabels: labels, Buckets: durationBuckets,
		}, []string{"mode", "outcome"}),
		count: map[pair]prometheus.Counter{}, duration: map[pair]prometheus.Observer{},
	}
	a.count[pair{contract.OutcomeSuccess, ""}] = a.counts.WithLabelValues(contract.OutcomeSuccess, none)
	for _, outcome := range failures {
		for _, class := range classes {
			a.count[pair{outcome, class}] = a.counts.WithLabelValues(outcome, class)
		}
	}
	for _, mode := range contract.Modes() {
		for _, outcome := range append([]string{contract.OutcomeSuccess}, failures...) {
			a.duration[pair{mode, outcome}] = a.durations.WithLabelValues(mode, outcome)
		}
	}
	return a
}

func (a *attempts) add(r *contract.Result) {
	count, ok := a.count[pair{r.Outcome, r.ErrorClass}]
	if !ok {
		count = a.counts.WithLabelValues(metrics.Other, metrics.Other)
	}
	count.Inc()
	duration, ok := a.duration[pair{r.Mode, r.Outcome}]
	if !ok {
		duration = a.durations.WithLabelValues(metrics.Other, metrics.Other)
	}
	duration.Observe(r.Finished.Sub(r.Started).Seconds())
}
