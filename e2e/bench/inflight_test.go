package bench_test

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

// heldFor is how long calls in flight are watched.
const heldFor = 10 * time.Second

// BenchmarkInFlight has many calls in flight at once, to a target that does not
// answer until it is told to. It measures the memory that the worker holds then,
// heap and stacks, for each call, next to a bare client with as many calls, and
// the processor time that holding them takes.
func BenchmarkInFlight(b *testing.B) {
	sizes := []int{1_000}
	if large() {
		sizes = append(sizes, 10_000)
	}
	s, t := apart(b, 1), startTargets(b)
	for _, size := range sizes {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			f := figures{}
			for b.Loop() {
				bareInFlight(b, s, t, size, f)
				workerInFlight(b, s, t, size, f)
			}
			f.report(b)
		})
	}
}

func workerInFlight(b *testing.B, s *site, t *targets, size int, f figures) {
	b.Helper()
	n := s.namespace(b)
	defer n.discard()
	n.backlog(size, time.Now(), t.held, patience)
	before := memory()
	stop := n.worker(production, func(c *worker.Config) { c.Concurrency, c.HostConcurrency = 2*size, size })
	defer stop()
	began := time.Now()
	n.waiting(t, size)
	f.add("worker-all-s", time.Since(began).Seconds())
	f.add("worker-B/call", float64(memory()-before)/float64(size))
	used := processorTime()
	until(time.Now().Add(heldFor))
	f.add("worker-cpu-%", 100*float64(processorTime()-used)/float64(heldFor))
	if waiting := t.look(b, false).Waiting; waiting != size {
		b.Errorf("%d calls are left after %s, want %d", waiting, heldFor, size)
	}
	t.release(b)
	n.drained()
}

func bareInFlight(b *testing.B, s *site, t *targets, size int, f figures) {
	b.Helper()
	n := s.namespace(b)
	defer n.discard()
	trigger, err := contract.Decode[contract.Trigger](n.trigger(0, time.Now(), t.held, patience).Data)
	if err != nil {
		b.Fatal(err)
	}
	before := memory()
	c := newClient(string(n.names), size)
	defer c.close()
	var calling sync.WaitGroup
	for range size {
		calling.Go(func() {
			if _, err := c.call(context.Background(), &trigger); err != nil {
				b.Errorf("call: %v", err)
			}
		})
	}
	n.waiting(t, size)
	f.add("bare-B/call", float64(memory()-before)/float64(size))
	t.release(b)
	calling.Wait()
}

// waiting waits until so many calls are held.
func (n *namespace) waiting(t *targets, size int) {
	n.b.Helper()
	n.await("all calls are in flight", func() bool {
		until(time.Now().Add(settleEvery))
		return t.look(n.b, false).Waiting >= size
	})
}

// memory returns the bytes of heap and stacks that are in use.
func memory() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
