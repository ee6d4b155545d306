package targets_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/adapter/targets"
)

// BenchmarkCall is what Enter and done cost a call that is admitted at once.
func BenchmarkCall(b *testing.B) {
	for _, hosts := range []int{1, 10_000} {
		names := make([]string, hosts)
		for i := range names {
			names[i] = "host" + strconv.Itoa(i) + ".example.com:443"
		}
		for name, config := range map[string]targets.Config{"plain": {}, "rate": {Rate: 1e9}} {
			b.Run(name+"/hosts="+strconv.Itoa(hosts), func(b *testing.B) {
				t := targets.New(config, system.Random{})
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					done, _ := t.Enter(b.Context(), names[i%hosts])
					done(ok)
				}
			})
			b.Run(name+"/parallel/hosts="+strconv.Itoa(hosts), func(b *testing.B) {
				t := targets.New(config, system.Random{})
				var next atomic.Int64
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for i := int(next.Add(1)) * 997; pb.Next(); i++ {
						done, _ := t.Enter(b.Context(), names[i%hosts])
						done(ok)
					}
				})
			})
		}
	}
}

// BenchmarkRefused is what a call costs whose target is open, and one whose
// target hangs with all places taken.
func BenchmarkRefused(b *testing.B) {
	b.Run("open", func(b *testing.B) {
		t := targets.New(targets.Config{}, system.Random{})
		for range failures {
			done, _ := t.Enter(b.Context(), "a:80")
			done(failed)
		}
		b.ReportAllocs()
		for b.Loop() {
			_, _ = t.Enter(b.Context(), "a:80")
		}
	})
}

// BenchmarkManyHosts is what a call costs whose host was never seen before.
func BenchmarkManyHosts(b *testing.B) {
	t := targets.New(targets.Config{}, system.Random{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		done, _ := t.Enter(b.Context(), "host"+strconv.Itoa(i)+":443")
		done(ok)
	}
	if known := t.Snapshot().Known; known > maxIdle {
		b.Errorf("%d targets are remembered", known)
	}
}
