// Package prommon counts what a worker does, for Prometheus. worker/docs/metrics.md
// lists the metrics.
//
// No label holds anything that a user, a target or a worker has named (keys,
// hosts, URLs, texts of errors): whatever is run, there are no more series than
// the constants of the contract allow.
package prommon

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/metrics"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Monitor is a core.Monitor and a collector of what it has heard. Its methods
// cost a fraction of a microsecond and do not allocate.
type Monitor struct {
	metrics.Group
	sources atomic.Pointer[Sources]

	attempts attempts
	finals   map[bool]*metrics.Counters // by whether it was an event
	letters  *metrics.Counters
	lateness prometheus.Histogram
	returned *metrics.Counters
	troubles *metrics.Counters
	opened   prometheus.Counter
}

var (
	_ core.Monitor         = (*Monitor)(nil)
	_ prometheus.Collector = (*Monitor)(nil)
)

// What a worker hands triggers back for. The reason of goesFirst names an
// occurrence.
const (
	goesFirst      = "another goes first"
	beginGoesFirst = "occurrence "
)

var reasons = []string{
	core.ReasonBusy, goesFirst, contract.ReasonOpen, "attempt failed", "not due yet", "worker stops", "written by a newer version",
	"log not available", "states not available", "record not stored", "dead letter not kept", "end not recorded", metrics.Other,
}

// What a worker does when it gets into trouble. That of readState names a state.
const readState = "read state"

var troubles = []string{
	"receive triggers", "receive events", "receive completions", "store record", "look up records", "keep dead letter", "execute",
	"extend deliveries", "acknowledge", "hand back", "take turn", "keep turn", "prolong turn", "end turn", readState,
	"wait for completion", "look for completion", "end completion", "forget completion", "answer report", "run event", "answer event",
	"read the key of tokens", metrics.Other,
}

// How occurrences end. Those that are letters are kept as dead letters, unless
// they were events.
var (
	letters = []string{contract.OutcomeDead, contract.OutcomeFailed, contract.OutcomeLost}
	ends    = append([]string{contract.OutcomeSuccess, contract.OutcomeSkipped, contract.OutcomeExpired}, letters...)
)

var latenessBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}

// New returns a monitor of a namespace whose counters are 0, and whose gauges
// are those of a worker that is not there yet.
func New(namespace, version string) *Monitor {
	labels := metrics.Labels(namespace)
	counters := func(name, help, label string, texts ...string) *metrics.Counters {
		return metrics.NewCounters(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, label, texts...)
	}
	m := &Monitor{
		attempts: newAttempts(labels),
		finals: map[bool]*metrics.Counters{
			false: counters("worker_finals_total", "Occurrences that have ended, by how.", "outcome", ends...),
			true:  counters("worker_event_finals_total", "Events that have ended, by how.", "outcome", contract.OutcomeSuccess, contract.OutcomeFailed),
		},
		letters: counters("worker_dead_letters_total", "Occurrences that were kept as dead letters, by how they ended.", "outcome", letters...),
		lateness: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "worker_start_lateness_seconds", ConstLabels: labels, Buckets: latenessBuckets,
			Help: "How long after it was due the first attempt of an occurrence began.",
		}),
		returned: counters("worker_returned_total", "Triggers that were handed back to be delivered again, by reason.", "reason", reasons...),
		troubles: counters("worker_troubles_total", "Failures that the worker lives with, by what it was doing.", "doing", troubles...),
		opened: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "worker_breakers_opened_total", Help: "How often a target began to fail so that its calls were put off.", ConstLabels: labels,
		}),
	}
	m.Group = append(metrics.Group{
		metrics.BuildInfo("worker", namespace, version), m.attempts.counts, m.attempts.durations,
		m.finals[false], m.finals[true], m.letters, m.lateness, m.returned, m.troubles, m.opened,
	}, m.gauges(labels)...)
	return m
}

// Started implements core.Monitor. The load of the worker tells it.
func (*Monitor) Started(core.Call) {}

// Recorded implements core.Monitor.
func (m *Monitor) Recorded(r contract.Result) {
	event := strings.HasPrefix(r.ID, contract.EventPrefix)
	switch r.Kind {
	case contract.KindAttempt:
		m.attempts.add(&r)
		if r.Attempt == 1 && !event {
			m.lateness.Observe(max(r.Started.Sub(r.Due), 0).Seconds())
		}
	case contract.KindFinal:
		m.finals[event].Of(r.Outcome).Inc()
		if counter, ok := m.letters.Known(r.Outcome); ok && !event {
			counter.Inc()
		}
	}
}

// Returned implements core.Monitor.
func (m *Monitor) Returned(_, _, reason string, _ time.Duration) {
	if strings.HasPrefix(reason, beginGoesFirst) {
		reason = goesFirst
	}
	m.returned.Of(reason).Inc()
}

// Trouble implements core.Monitor.
func (m *Monitor) Trouble(t core.Trouble) {
	doing := t.Doing
	if strings.HasPrefix(doing, readState) {
		doing = readState
	}
	m.troubles.Of(doing).Inc()
}

// Target counts the targets whose calls begin to be put off.
func (m *Monitor) Target(_ string, open bool) {
	if open {
		m.opened.Inc()
	}
}
