// Package prommon counts what a scheduler does, for Prometheus. schedule/docs/metrics.md
// lists the metrics.
//
// No label holds anything that a user or a node has named: whatever is stored,
// the number of series stays the same.
package prommon

import (
	"errors"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/metrics"
)

// Monitor is a core.Monitor and a collector of what it has heard.
type Monitor struct {
	metrics.Group
	figures atomic.Pointer[func() core.Figures]

	lag      prometheus.Histogram
	took     prometheus.Histogram
	triggers prometheus.Counter
	commits  *metrics.Counters
	missed   *metrics.Counters
	troubles *metrics.Counters
}

var (
	_ core.Monitor         = (*Monitor)(nil)
	_ prometheus.Collector = (*Monitor)(nil)
)

// Outcomes of a commit.
const (
	stored  = "stored"
	fenced  = "fenced"  // another scheduler was faster
	full    = "full"    // the trigger stream is
	unknown = "unknown" // it may be stored or not; the cursor tells
)

// The troubles that a scheduler knows.
var troubles = []string{
	"publish triggers", "watch schedules", "compare clocks", "store heartbeat", "resign", "record bad entry",
	"run by hand", "send dead letter again", "send dead letters again",
	metrics.Other,
}

// superseded and policy are why occurrences were missed.
const (
	superseded = "superseded"
	policy     = "policy "
)

// lagBuckets begin with what was stored before it was due.
var lagBuckets = []float64{0, .01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600}

// tookBuckets are for the round trip of a commit, which is given up after 5 s.
var tookBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// New returns a monitor of a namespace whose counters are 0, and whose gauges
// are those of a node that is not there yet.
func New(namespace, version string) *Monitor {
	labels := metrics.Labels(namespace)
	counters := func(name, help, label string, texts ...string) *metrics.Counters {
		return metrics.NewCounters(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, label, texts...)
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, ConstLabels: labels, Buckets: buckets})
	}
	m := &Monitor{
		lag: histogram("schedule_fire_lag_seconds",
			"How long after it was due an occurrence was stored, by the node's clock. 0 for what is stored ahead of time, as all is in good health.", lagBuckets),
		took: histogram("schedule_commit_duration_seconds", "How long it took to store a batch of triggers with its cursor.", tookBuckets),
		triggers: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "schedule_triggers_committed_total", Help: "Occurrences that were stored to be run.", ConstLabels: labels,
		}),
		commits: counters("schedule_commits_total", "Batches by what became of them.", "outcome", stored, fenced, full, unknown),
		missed: counters("schedule_missed_occurrences_total", "Occurrences that were not run because they were late by more than 30 s, by what decided so.",
			"reason", policy+contract.MisfireOnce, policy+contract.MisfireAll, policy+contract.MisfireSkip, superseded, metrics.Other),
		troubles: counters("schedule_troubles_total", "Failures that the node lives with, by what it was doing.", "doing", troubles...),
	}
	m.Group = metrics.Group{
		metrics.BuildInfo("schedule", namespace, version), metrics.Gauges(labels, m.read, gauges...),
		m.lag, m.took, m.triggers, m.commits, m.missed, m.troubles,
	}
	return m
}

// Watch has the gauges read from figures, which must be safe for concurrent use
// and quick.
func (m *Monitor) Watch(figures func() core.Figures) { m.figures.Store(&figures) }

func (m *Monitor) read() (core.Figures, bool) {
	if figures := m.figures.Load(); figures != nil {
		return (*figures)(), true
	}
	return core.Figures{}, true
}

// BadEntry implements core.Monitor. The gauge tells how many there are.
func (*Monitor) BadEntry(string, uint64, error) {}

// Committed implements core.Monitor.
func (m *Monitor) Committed(c core.Committed) {
	m.commits.Of(stored).Inc()
	m.took.Observe(c.Took.Seconds())
	run := 0
	for i := range c.Triggers {
		t := &c.Triggers[i]
		if t.Missed != nil {
			m.missed.Of(reason(t.Missed.Reason)).Add(float64(t.Missed.Count))
			continue
		}
		run++
		m.lag.Observe(max(c.Stored.Sub(t.Due), 0).Seconds())
	}
	m.triggers.Add(float64(run))
}

func reason(text string) string {
	if text == core.ReasonSuperseded {
		return superseded
	}
	if name, ok := strings.CutPrefix(text, core.ReasonLate); ok {
		return policy + name
	}
	return text
}

// NotCommitted implements core.Monitor.
func (m *Monitor) NotCommitted(_ int, err error) {
	outcome := unknown
	switch {
	case errors.Is(err, core.ErrFenced):
		outcome = fenced
	case errors.Is(err, core.ErrFull):
		outcome = full
	}
	m.commits.Of(outcome).Inc()
}

// Owned implements core.Monitor. The gauges tell it.
func (*Monitor) Owned([]int, []string) {}

// Loading implements core.Monitor. The gauges tell it.
func (*Monitor) Loading(int, bool) {}

// Trouble implements core.Monitor.
func (m *Monitor) Trouble(doing string, _ int, _ error) { m.troubles.Of(doing).Inc() }
