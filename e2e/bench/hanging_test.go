package bench_test

import (
	"fmt"
	"testing"
	"time"

	worker "github.com/weplanx/workflow/worker/bootstrap"
)

// Load of the trials with bad hosts, in triggers a second.
const (
	goodRate    = 200
	hangingRate = 20 // each takes up a place for the timeout of 10 s
	failingRate = 20
	others      = 1_000_000 // numbers of their triggers begin here
	tickEvery   = 5 * time.Millisecond
	aheadOfDue  = time.Second // as schedulers store triggers
	filling     = 4 * time.Second
)

// BenchmarkHanging keeps up a steady load on one host and measures how long
// after due its callbacks arrive: alone, while another host never answers
// (hanging), and while another answers 503 at once (failing). The worker has its
// default settings.
func BenchmarkHanging(b *testing.B) {
	t := startTargets(b)
	for _, replicas := range []int{1, 3} {
		b.Run(fmt.Sprintf("R%d", replicas), func(b *testing.B) {
			s := apart(b, replicas)
			f := figures{}
			for b.Loop() {
				hanging(b, s, t, f, "alone", nil)
				hanging(b, s, t, f, "hanging", map[string]int{t.hanging: hangingRate})
				hanging(b, s, t, f, "failing", map[string]int{t.failing: failingRate})
				for _, name := range []string{"hanging", "failing"} {
					f.ratio(name+"/alone-p50", name+"-p50-ms", "alone-p50-ms")
					f.ratio(name+"/alone-p99", name+"-p99-ms", "alone-p99-ms")
				}
			}
			f.report(b)
		})
	}
}

// watched is how long such a trial is measured, after it has filled up.
func watched() time.Duration {
	if large() {
		return 20 * time.Second
	}
	return 2 * time.Second
}

// hanging measures the good host beside bad ones, given with their rates.
func hanging(b *testing.B, s *site, t *targets, f figures, name string, bad map[string]int) {
	b.Helper()
	n := s.namespace(b)
	defer n.discard()
	defer n.worker(func(c *worker.Config) { c.Grace = -1 })()
	began := time.Now()
	from := began.Add(filling)
	to := from.Add(watched())
	forgotten := false
	for due := began.Add(aheadOfDue); due.Before(to); due = due.Add(tickEvery) {
		until(due.Add(-aheadOfDue))
		n.tick(due, began, t.good, goodRate, 0)
		for url, rate := range bad {
			n.tick(due, began, url, rate, others)
		}
		if !forgotten && time.Now().After(from) {
			forgotten = true
			t.look(b, true)
		}
	}
	until(to.Add(time.Second))
	seen := t.look(b, true)
	f.lateness(name, seen.Late)
	f.add(name+"-came-%", 100*float64(seen.Count)/(goodRate*watched().Seconds()))
}

// tick stores the triggers of one host that are due within a tick.
func (n *namespace) tick(due, began time.Time, url string, rate, offset int) {
	n.b.Helper()
	first := int(due.Sub(began).Seconds() * float64(rate))
	last := int(due.Add(tickEvery).Sub(began).Seconds() * float64(rate))
	for i := first; i < last; i++ {
		n.publish(n.trigger(offset+i, due, url, 0))
	}
}
