package core_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// full returns a planner with one schedule "@every 1s" of one job a key.
func full(b *testing.B, keys int) *core.Planner {
	b.Helper()
	value, err := contract.Encode(contract.Schedule{Jobs: []contract.Job{every("@every 1s")}})
	if err != nil {
		b.Fatal(err)
	}
	p := core.NewPlanner("ns", core.DefaultLimits)
	for i := range keys {
		p.Apply(core.NewRevision(fmt.Sprintf("key%07d", i), uint64(i+1), t0, value))
	}
	p.Trust()
	return p
}

// BenchmarkPlan plans herds of 10,000 triggers that are due at one instant.
func BenchmarkPlan(b *testing.B) {
	const keys = 10_000
	p := full(b, keys)
	p.Position(contract.Cursor{Due: t0.Add(contract.EffectDelay + 1)})
	now := t0.Add(2 * time.Second)
	for b.Loop() {
		now = now.Add(time.Second)
		planned := 0
		for step, ok := p.Plan(now, now); ok; step, ok = p.Plan(now, now) {
			planned += len(step.Triggers)
		}
		if planned != keys {
			b.Fatalf("planned %d, want %d", planned, keys)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/trigger")
}

// BenchmarkLoad is the cost of one schedule that is loaded and placed on the
// agenda, and the memory that it holds.
func BenchmarkLoad(b *testing.B) {
	const keys = 100_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		p := full(b, keys)
		p.Position(contract.Cursor{Due: t0})
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(p)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/keys, "B/schedule")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/schedule")
}
