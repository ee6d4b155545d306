package bench_test

import (
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// Commit-ahead as it is by default, and none.
const (
	ahead = time.Second
	off   = 0
)

// BenchmarkHerd has many occurrences due at one instant. Contenders: the
// scheduler without commit-ahead (off) and with it (ahead), the server's own
// message schedules (native), the same messages as bare atomic batches
// (batches) and as asynchronous publishes (async). A server of three stamps a
// message when it proposes it and not when the others have it, so the lateness
// of messages that nobody waits for (native) looks better than it is: "done" is
// when the last one was acknowledged, or seen in the state of the stream.
func BenchmarkHerd(b *testing.B) {
	sizes := []int{1, 1_000, 10_000}
	if large() {
		sizes = append(sizes, 100_000)
	}
	onSites(b, func(b *testing.B, s *site) {
		b.Helper()
		for _, size := range sizes {
			b.Run(strconv.Itoa(size), func(b *testing.B) {
				f := figures{}
				for b.Loop() {
					compare(b, s, size, f)
				}
				f.report(b)
			})
		}
	})
}

// compare has every contender store a herd once.
func compare(b *testing.B, s *site, size int, f figures) {
	b.Helper()
	herdOf(b, s, f, "off", func(n *namespace) []stored { return n.scheduled(size, off) })
	herdOf(b, s, f, "batches", func(n *namespace) []stored {
		due := soon()
		n.batches(n.herd(size, due), due)
		return n.triggers()
	})
	herdOf(b, s, f, "async", func(n *namespace) []stored {
		due := soon()
		n.async(n.herd(size, due), due)
		return n.triggers()
	})
	herdOf(b, s, f, "native", func(n *namespace) []stored {
		due := time.Now().Add(loading(size))
		return n.native(n.herd(size, due), due)
	})
	herdOf(b, s, f, "ahead", func(n *namespace) []stored { return n.scheduled(size, ahead) })
	f.ratio("off/batches-p99", "off-p99-ms", "batches-p99-ms")
	f.ratio("off/native-p99", "off-p99-ms", "native-p99-ms")
	f.ratio("off/native-done", "off-done-ms", "native-done-ms")
	if size > 1 {
		f.ratio("off/batches-rate", "off-triggers/s", "batches-triggers/s")
	}
}

// herdOf measures one contender.
func herdOf(b *testing.B, s *site, f figures, name string, contend func(*namespace) []stored) {
	b.Helper()
	n := s.namespace(b)
	defer n.discard()
	all := contend(n)
	late, times := make([]time.Duration, len(all)), make([]time.Time, len(all))
	for i := range all {
		late[i], times[i] = all[i].late(), all[i].At
	}
	f.lateness(name, late)
	f.add(name+"-done-ms", ms(n.done.Sub(all[0].Due)))
	if name == "ahead" {
		f.add("ahead-%", share(late, 0))
	}
	first, last := slices.MinFunc(times, time.Time.Compare), slices.MaxFunc(times, time.Time.Compare)
	if span := last.Sub(first); span > 0 {
		f.add(name+"-triggers/s", float64(len(all))/span.Seconds())
	}
}

// loading is how long it may take to store as many schedules.
func loading(size int) time.Duration {
	return time.Second + time.Duration(size)*100*time.Microsecond
}

// soon is when a herd is due that has yet to be encoded.
func soon() time.Time { return time.Now().Add(time.Second) }

// scheduled has a scheduler store a herd.
func (n *namespace) scheduled(size int, ahead time.Duration) []stored {
	n.b.Helper()
	_, _, stop := n.scheduler(ahead, 0)
	defer stop()
	owners := n.settle(1)
	due := time.Now().Add(loading(size) + contract.EffectDelay + ahead)
	n.store(size, 0, func(int) common.Job { return at(due, nowhere) })
	if time.Until(due) < contract.EffectDelay+ahead {
		n.b.Fatalf("storing %d schedules took longer than %s", size, loading(size))
	}
	runtime.GC() // none of what storing left behind
	until(due.Add(-ahead))
	n.holds(n.names.TriggerStream(), size+len(owners))
	return n.triggers()
}
