package bench_test

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/logging"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

// concurrency of the calls of all contenders.
const concurrency = 64

// contender works off a backlog of triggers.
type contender struct {
	name    string
	records int                              // that it writes for each trigger
	late    time.Duration                    // how long ago the triggers were due
	start   func(*namespace) (finish func()) // nil: a bare client, without triggers
}

var contenders = []contender{
	{name: "bare"},
	{name: "ideal", records: 1, start: func(n *namespace) func() { return n.ideal(1, concurrency) }},
	{name: "worker", records: 2, start: func(n *namespace) func() { return n.worker(production) }},
	{name: "ideal2", records: 2, start: func(n *namespace) func() { return n.ideal(2, concurrency) }},
	{name: "late", records: 2, late: time.Minute, start: func(n *namespace) func() { return n.worker(production) }},
}

// production is a worker's configuration as it is in use; only its log is
// thrown away. All calls go to one host, which gets half of the slots at most.
func production(c *worker.Config) {
	c.Mode, c.Log = "release", logging.New("release", io.Discard)
	c.Concurrency, c.HostConcurrency = 2*concurrency, concurrency
}

// BenchmarkPipeline has a backlog of triggers worked off whose target answers at
// once. Servers and target run in processes of their own. Contenders: a bare
// HTTP client without NATS (bare); a loop that does what any worker has to do,
// with one record for each trigger (ideal) and with two, as our worker writes
// them (ideal2); the worker (worker); and the same with triggers that were due
// long ago, so that it looks up whether they have ended already (late). The time runs from the first
// call to the last acknowledgement; the processor time is that of this process.
func BenchmarkPipeline(b *testing.B) {
	sizes := []int{2_000}
	if large() {
		sizes = append(sizes, 20_000)
	}
	t := startTargets(b)
	for _, replicas := range []int{1, 3} {
		b.Run(fmt.Sprintf("R%d", replicas), func(b *testing.B) {
			s := apart(b, replicas)
			for _, size := range sizes {
				b.Run(strconv.Itoa(size), func(b *testing.B) {
					f := figures{}
					for b.Loop() {
						pipelines(b, s, t, size, f)
					}
					f.report(b)
				})
			}
		})
	}
}

// pipelines has every contender work off a backlog once.
func pipelines(b *testing.B, s *site, t *targets, size int, f figures) {
	b.Helper()
	for _, c := range contenders {
		n := s.namespace(b)
		took, used := c.compete(n, t, size)
		n.discard()
		f.add(c.name+"/s", float64(size)/took.Seconds())
		f.add(c.name+"-us", used.own.Seconds()*1e6/float64(size))
		f.add(c.name+"-us-all", used.all.Seconds()*1e6/float64(size))
	}
	f.ratio("worker/ideal", "worker/s", "ideal/s")
	f.ratio("worker/ideal2", "worker/s", "ideal2/s")
	f.ratio("ideal/bare", "ideal/s", "bare/s")
	f.ratio("ideal/worker-us-all", "ideal-us-all", "worker-us-all")
	f.ratio("ideal2/worker-us-all", "ideal2-us-all", "worker-us-all")
}

// usage is processor time: of this process, and of servers and targets as well.
type usage struct{ own, all time.Duration }

func (n *namespace) usage(t *targets) usage {
	n.b.Helper()
	own := processorTime()
	return usage{own, own + usedAt(n.b, n.site.used) + usedAt(n.b, t.used)}
}

// compete returns how long it took and what was used.
func (c *contender) compete(n *namespace, t *targets, size int) (took time.Duration, used usage) {
	n.b.Helper()
	if c.start != nil {
		n.backlog(size, time.Now().Add(-c.late), t.good, 0)
	}
	t.look(n.b, true)
	runtime.GC()
	before := n.usage(t)
	finish := func() {}
	if c.start == nil {
		n.bare(size, concurrency, t.good)
	} else {
		finish = c.start(n)
	}
	ended := n.drained()
	after := n.usage(t)
	finish()
	seen := t.look(n.b, true)
	if records := n.records(); seen.Count != size || records != c.records*size {
		n.b.Fatalf("%s: %d calls and %d records of %d triggers, want %d records", c.name, seen.Count, records, size, c.records*size)
	}
	return ended.Sub(seen.First), usage{after.own - before.own, after.all - before.all}
}
