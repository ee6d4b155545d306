package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Group is a collector of what its members collect.
type Group []prometheus.Collector

// Describe implements prometheus.Collector.
func (g Group) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range g {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (g Group) Collect(ch chan<- prometheus.Metric) {
	for _, c := range g {
		c.Collect(ch)
	}
}

// Other is the label value of everything that is not in a fixed set.
const Other = "other"

// Counters are counters that differ in one label, whose values are a fixed set
// and Other: whatever is counted, there are no more series. Those of the set are
// there from the beginning, at 0, so that the first event is an increase.
type Counters struct {
	*prometheus.CounterVec
	of map[string]prometheus.Counter
}

// NewCounters makes counters for a set of texts. The label has each text with "_"
// for spaces.
func NewCounters(opts prometheus.CounterOpts, label string, texts ...string) *Counters {
	c := &Counters{CounterVec: prometheus.NewCounterVec(opts, []string{label}), of: map[string]prometheus.Counter{}}
	for _, text := range texts {
		c.of[text] = c.WithLabelValues(strings.ReplaceAll(text, " ", "_"))
	}
	return c
}

// Of returns the counter of a text: that of Other, if it is none of the set.
func (c *Counters) Of(text string) prometheus.Counter {
	if counter, ok := c.of[text]; ok {
		return counter
	}
	return c.WithLabelValues(Other)
}

// Known returns the counter of a text, if it is one of the set.
func (c *Counters) Known(text string) (counter prometheus.Counter, ok bool) {
	counter, ok = c.of[text]
	return counter, ok
}

// Gauge is a number that a T holds.
type Gauge[T any] struct {
	Name, Help string
	Value      func(T) float64
}

// gauges are the numbers of a T that is read at every collection.
type gauges[T any] struct {
	read   func() (T, bool)
	values []func(T) float64
	descs  []*prometheus.Desc
}

// Gauges makes a collector that calls read at every collection, and exports the
// numbers of what it returns; nothing when it returns false.
func Gauges[T any](labels prometheus.Labels, read func() (T, bool), all ...Gauge[T]) prometheus.Collector {
	g := &gauges[T]{read: read}
	for _, one := range all {
		g.values = append(g.values, one.Value)
		g.descs = append(g.descs, prometheus.NewDesc(one.Name, one.Help, nil, labels))
	}
	return g
}

func (g *gauges[T]) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range g.descs {
		ch <- d
	}
}

func (g *gauges[T]) Collect(ch chan<- prometheus.Metric) {
	t, ok := g.read()
	if !ok {
		return
	}
	for i, value := range g.values {
		ch <- prometheus.MustNewConstMetric(g.descs[i], prometheus.GaugeValue, value(t))
	}
}

// Bool is 1 for true and 0 for false.
func Bool(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
