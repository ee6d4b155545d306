package bench_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/receiver"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// interval of the schedules of a steady load.
const interval = time.Second

// measured is how long a steady load is measured.
const measured = 5 * time.Second

// BenchmarkSteady fires so many occurrences a second, evenly spread. It
// measures when triggers are stored without commit-ahead (stored), and when
// callbacks arrive at a receiver on the loopback interface with it (called).
func BenchmarkSteady(b *testing.B) {
	rates := []int{1_000}
	if large() {
		rates = append(rates, 10_000)
	}
	onSites(b, func(b *testing.B, s *site) {
		b.Helper()
		for _, rate := range rates {
			b.Run(strconv.Itoa(rate), func(b *testing.B) {
				f := figures{}
				for b.Loop() {
					steadyStored(b, s, rate, f)
					steadyCalled(b, s, rate, f)
				}
				f.report(b)
			})
		}
	})
}

// load stores the schedules of a steady load, one interval long, and returns
// between which times it is to be measured.
func (n *namespace) load(rate int, url string) (from, to time.Time) {
	n.b.Helper()
	n.settle(1)
	n.store(rate, rate, func(int) common.Job { return every(interval, url) })
	from = time.Now().Add(contract.EffectDelay + interval)
	return from, from.Add(measured)
}

func steadyStored(b *testing.B, s *site, rate int, f figures) {
	b.Helper()
	n := s.namespace(b)
	defer n.discard()
	_, _, stop := n.scheduler(off, 0)
	defer stop()
	from, to := n.load(rate, nowhere)
	until(to.Add(time.Second))
	stop()
	var late []time.Duration
	for _, t := range n.triggers() {
		if !t.Due.Before(from) && t.Due.Before(to) {
			late = append(late, t.late())
		}
	}
	f.lateness("stored", late)
	f.add("stored/s", float64(len(late))/measured.Seconds())
}

func steadyCalled(b *testing.B, s *site, rate int, f figures) {
	b.Helper()
	n := s.namespace(b)
	defer n.discard()
	calls, url := listen(b)
	defer n.worker()()
	_, _, stop := n.scheduler(ahead, 0)
	defer stop()
	from, to := n.load(rate, url)
	until(to.Add(time.Second))
	late := calls.between(from, to)
	f.lateness("called", late)
	f.add("called/s", float64(len(late))/measured.Seconds())
}

// calls are the callbacks that arrived. It is safe for concurrent use.
type calls struct {
	mu  sync.Mutex
	all []receiver.Call
}

// listen starts a receiver.
func listen(b *testing.B) (c *calls, url string) {
	b.Helper()
	c = &calls{}
	r := receiver.Start(b, "127.0.0.1:0", func(call receiver.Call) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all = append(c.all, call)
	})
	return c, r.URL("127.0.0.1")
}

// between returns the lateness of the callbacks that were due in a span in
// which nominal and due times are the same.
func (c *calls) between(from, to time.Time, keys ...func(key string) bool) []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var late []time.Duration
	for _, call := range c.all {
		wanted := !call.Scheduled.Before(from) && call.Scheduled.Before(to)
		for _, want := range keys {
			wanted = wanted && want(call.Key)
		}
		if wanted {
			late = append(late, call.Arrived.Sub(call.Scheduled))
		}
	}
	return late
}
