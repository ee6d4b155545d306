package spec_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/spec"
)

// A node holds a million of them.
func TestSpecsAreSmall(t *testing.T) { //nolint:paralleltest // measures the whole process
	const count = 20_000
	specs := make([]*spec.Spec, count)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range specs {
		specs[i] = parse(t, "*/15 30 2 1-7 jan-jun mon", "Europe/Berlin")
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := int64(after.HeapAlloc-before.HeapAlloc) / count; each > 160 {
		t.Errorf("a spec keeps %d bytes, want at most 160", each)
	}
	runtime.KeepAlive(specs)
}

func TestNextDoesNotAllocate(t *testing.T) { //nolint:paralleltest // measures the whole process
	at := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	for _, text := range validSpecs {
		s := parse(t, text, "Europe/Berlin")
		if n := testing.AllocsPerRun(10, func() { s.Next(at, at); s.Prev(at, at) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	for _, c := range []struct{ name, spec, zone string }{
		{"every", "@every 15s", ""},
		{"minutes UTC", "*/10 * * * *", ""},
		{"minutes Berlin", "*/10 * * * *", "Europe/Berlin"},
		{"daily Berlin", "30 2 * * *", "Europe/Berlin"},
		{"leap day Berlin", "0 0 29 2 *", "Europe/Berlin"},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := parse(b, c.spec, c.zone)
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			at := start
			b.ReportAllocs()
			for b.Loop() {
				next, ok := s.Next(at, start)
				if !ok {
					next = start
				}
				at = next
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		parse(b, "*/15 30 2 1-7 jan-jun mon", "Europe/Berlin")
	}
}
