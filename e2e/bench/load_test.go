package bench_test

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/common"
)

// BenchmarkLoad starts a scheduler on a bucket that holds many simple
// schedules, daily and of "@every" in equal parts, on a server in a process of
// its own. It measures how long the scheduler takes to know all of them (known)
// and to stand at the cursors of all partitions (firing), and the memory that it
// holds then, per schedule. The namespace never had a scheduler before, so the
// history of every key matters. With revised, each schedule was stored twice.
func BenchmarkLoad(b *testing.B) {
	sizes := []int{10_000}
	if large() {
		sizes = append(sizes, 100_000, 1_000_000)
	}
	for _, size := range sizes {
		for name, times := range map[string]int{"": 1, "revised": 2} {
			b.Run(strconv.Itoa(size)+name, func(b *testing.B) {
				f := figures{}
				for b.Loop() {
					loadOnce(b, size, times, f)
				}
				f.report(b)
			})
		}
	}
}

// simple is a job as most are.
func simple(i int) common.Job {
	job := every(time.Duration(10_000+i%1000)*time.Hour, nowhere)
	if i%2 == 0 {
		job.Spec = fmt.Sprintf("0 %d %d 1 1 *", i%60, i/60%24)
	}
	return job
}

func loadOnce(b *testing.B, size, times int, f figures) {
	b.Helper()
	n := apart(b, 1).namespace(b)
	for range times {
		n.store(size, 0, simple)
	}
	before := heap()
	began := time.Now()
	app, _, stop := n.scheduler(ahead, 0)
	n.await("the scheduler knows all", func() bool {
		until(time.Now().Add(settleEvery))
		states := n.states(1)
		return len(states) > 0 && states[0].Schedules == size
	})
	f.add("known-s", time.Since(began).Seconds())
	n.await("all partitions stand at their cursors", func() bool { return app.Ready() == nil })
	f.add("firing-s", time.Since(began).Seconds())
	f.add("B/schedule", float64(heap()-before)/float64(size))
	runtime.KeepAlive(app)
	stop()
}

// heap returns the bytes that are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
