package bench_test

import (
	"slices"
	"testing"
	"time"
)

// quantile is the nearest rank of sorted values; 0 when there are none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// share is how much of sorted values is at or below limit, in percent.
func share(sorted []time.Duration, limit time.Duration) float64 {
	n, _ := slices.BinarySearch(sorted, limit+1)
	return 100 * float64(n) / float64(max(len(sorted), 1))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// figures collects the values of each unit over the iterations of a benchmark.
type figures map[string][]float64

func (f figures) add(unit string, value float64) { f[unit] = append(f[unit], value) }

// lateness adds the figures of a contender's lateness.
func (f figures) lateness(name string, late []time.Duration) {
	slices.Sort(late)
	f.add(name+"-p50-ms", ms(quantile(late, 0.5)))
	f.add(name+"-p99-ms", ms(quantile(late, 0.99)))
	f.add(name+"-max-ms", ms(quantile(late, 1)))
}

// last returns the value of the last iteration.
func (f figures) last(unit string) float64 { return f[unit][len(f[unit])-1] }

// ratio adds the quotient of two figures of the last iteration.
func (f figures) ratio(unit, above, below string) {
	if divisor := f.last(below); divisor != 0 {
		f.add(unit, f.last(above)/divisor)
	}
}

// report reports the median of each figure.
func (f figures) report(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // says nothing here: a trial waits most of its time
	for unit, values := range f {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], unit)
	}
}
