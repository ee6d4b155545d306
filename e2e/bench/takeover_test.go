package bench_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// A takeover is measured on schedules that fire often, so that each partition
// has something to publish every few milliseconds.
const (
	takeoverKeys  = 80
	takeoverEvery = 100 * time.Millisecond
	takeoverLimit = 4 * time.Second // all that the death of a node affects happens within
)

// BenchmarkTakeover cuts the connection of one of two schedulers, which cannot
// resign then. It measures for each of its partitions how long the other takes
// to publish for it, without commit-ahead (takeover), and with commit-ahead how
// late the callbacks of its schedules arrive that were due within four seconds
// of the cut (called).
func BenchmarkTakeover(b *testing.B) {
	onSites(b, func(b *testing.B, s *site) {
		b.Helper()
		var taken, late []time.Duration
		for b.Loop() {
			taken = append(taken, takeover(b, s)...)
			late = append(late, takeoverCalled(b, s)...)
		}
		f := figures{}
		f.lateness("takeover", taken)
		f.lateness("called", late)
		f.add("called-within-500ms-%", share(late, 500*time.Millisecond))
		f.report(b)
	})
}

// pair starts two schedulers and the load, and returns what cuts one of them
// and which partitions that one has by then.
func (n *namespace) pair(ahead time.Duration, url string) (cut func() time.Time, partitions map[int]bool, stop func()) {
	n.b.Helper()
	_, nc, stopOne := n.scheduler(ahead, 0)
	owners := n.settle(1)
	victim := owners[0]
	_, _, stopOther := n.scheduler(ahead, 1)
	n.await("both schedulers have a share", func() bool {
		owners = n.settle(2)
		return len(n.states(2)) == 2 && len(sharers(owners)) == 2
	})
	partitions = map[int]bool{}
	for partition, node := range owners {
		partitions[partition] = node == victim
	}
	n.store(takeoverKeys, takeoverKeys, func(int) common.Job { return every(takeoverEvery, url) })
	until(time.Now().Add(contract.EffectDelay + time.Second))
	return func() time.Time { return sever(nc) }, partitions, func() { stopOne(); stopOther() }
}

// sharers are the nodes that own partitions.
func sharers(owners map[int]string) map[string]bool {
	nodes := map[string]bool{}
	for _, node := range owners {
		nodes[node] = true
	}
	return nodes
}

// sever cuts a connection for good and returns when.
func sever(nc *nats.Conn) time.Time {
	nc.Close()
	return time.Now()
}

// takeover returns how long each partition went without a commit after the cut.
func takeover(b *testing.B, s *site) []time.Duration {
	b.Helper()
	n := s.namespace(b)
	defer n.discard()
	cut, partitions, stop := n.pair(off, nowhere)
	defer stop()
	at := cut()
	until(at.Add(takeoverLimit))
	stop()
	// What was on its way at the cut may still be stored right after it.
	inFlight := at.Add(50 * time.Millisecond)
	first := map[int]time.Time{}
	for _, t := range n.triggers() {
		partition := contract.Partition(t.Key, len(partitions))
		if _, known := first[partition]; partitions[partition] && !known && t.At.After(inFlight) {
			first[partition] = t.At
		}
	}
	var taken []time.Duration
	for partition, lost := range partitions {
		if !lost {
			continue
		}
		if first[partition].IsZero() {
			b.Errorf("partition %d was not taken over within %s", partition, takeoverLimit)
			continue
		}
		taken = append(taken, first[partition].Sub(at))
	}
	return taken
}

func takeoverCalled(b *testing.B, s *site) []time.Duration {
	b.Helper()
	n := s.namespace(b)
	defer n.discard()
	calls, url := listen(b)
	defer n.worker()()
	cut, partitions, stop := n.pair(ahead, url)
	defer stop()
	at := cut()
	until(at.Add(takeoverLimit + time.Second))
	late := calls.between(at, at.Add(takeoverLimit), func(key string) bool {
		return partitions[contract.Partition(key, len(partitions))]
	})
	return late
}
