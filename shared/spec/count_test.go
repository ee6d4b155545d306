package spec_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/shared/contract"
)

// counter is a Spec or a Timetable.
type counter interface {
	Next(after, anchor time.Time) (time.Time, bool)
	Count(after, to, anchor time.Time) int64
}

// countByNext counts one by one, up to a limit.
func countByNext(s counter, after, to, anchor time.Time, limit int64) (n int64) {
	for t, ok := s.Next(after, anchor); ok && !t.After(to) && n < limit; t, ok = s.Next(t, anchor) {
		n++
	}
	return n
}

func drawDST(t *rapid.T) contract.DST {
	return contract.DST{
		Gap:  rapid.SampledFrom([]string{"", contract.GapAfter, contract.GapSkip}).Draw(t, "gap"),
		Fold: rapid.SampledFrom([]string{"", contract.FoldFirst, contract.FoldBoth}).Draw(t, "fold"),
	}
}

// drawNear prefers the surroundings of a move of the zone's clock.
func drawNear(t *rapid.T, zone string) time.Time {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(rapid.Int64Range(0, 4.1e9).Draw(t, "seconds"), 0).In(loc)
	if _, end := at.ZoneBounds(); rapid.IntRange(0, 3).Draw(t, "near") > 0 && !end.IsZero() {
		at = end
	}
	return at.Add(time.Duration(rapid.Int64Range(-2*86_400_000, 2*86_400_000).Draw(t, "milliseconds")) * time.Millisecond)
}

func TestCountIsTheNumberOfNexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(someZones).Draw(t, "zone")
		s, err := parseRapid(t, rapid.SampledFrom(validSpecs).Draw(t, "spec"), zone)
		if err != nil {
			t.Fatal(err)
		}
		s = s.WithDST(drawDST(t))
		after := drawNear(t, zone)
		anchor := after.Add(time.Duration(rapid.Int64Range(-1e15, 1e13).Draw(t, "anchor")))
		const limit = 5_000
		for _, length := range []time.Duration{time.Minute, time.Hour, 26 * time.Hour, 80 * 24 * time.Hour, 9 * 366 * 24 * time.Hour} {
			to := after.Add(time.Duration(rapid.Int64Range(0, int64(length)).Draw(t, "length")))
			want := countByNext(s, after, to, anchor, limit)
			if got := s.Count(after, to, anchor); got != want && (want < limit || got < limit) {
				t.Fatalf("%s in %q from %s to %s: Count is %d, Next finds %d", s, zone, after, to, got, want)
			}
			if want == limit {
				return
			}
		}
	})
}

// Counting is additive: what lies in two adjoining ranges lies in both.
func TestCountAdds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(someZones).Draw(t, "zone")
		s, err := parseRapid(t, rapid.SampledFrom(validSpecs).Draw(t, "spec"), zone)
		if err != nil {
			t.Fatal(err)
		}
		s = s.WithDST(drawDST(t))
		middle, anchor := drawNear(t, zone), drawTime(t, "anchor")
		after := middle.Add(-time.Duration(rapid.Int64Range(0, 5e17).Draw(t, "before")))
		to := middle.Add(time.Duration(rapid.Int64Range(0, 5e17).Draw(t, "behind")))
		left, right, whole := s.Count(after, middle, anchor), s.Count(middle, to, anchor), s.Count(after, to, anchor)
		if left < 0 || right < 0 || left+right != whole {
			t.Fatalf("%s in %q from %s to %s to %s: %d and %d are not %d", s, zone, after, middle, to, left, right, whole)
		}
	})
}

func TestCount(t *testing.T) {
	t.Parallel()
	const never = "0001-01-01T00:00:00Z"
	cases := []struct {
		name, spec, zone, anchor, after, to string
		want                                int64
	}{
		{"after is not counted, to is", "0 * * * *", "", never, "2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z", 2},
		{"a nanosecond earlier", "0 * * * *", "", never, "2025-12-31T23:59:59.999999999Z", "2026-01-01T01:59:59.999999999Z", 2},
		{"nothing between", "0 * * * *", "", never, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 0},
		{"backwards", "* * * * *", "", never, "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", 0},
		{"within a second", "* * * * * *", "", never, "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.9Z", 0},
		{"leap days of all years", "0 0 29 2 *", "", never, "1970-01-01T00:00:00Z", "2261-12-31T00:00:00Z", 71},
		{"all there are", "@yearly", "", never, never, "9999-01-01T00:00:00Z", 292},
		{"gap, fixed", "30 2 * * *", "Europe/Berlin", never, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", 2},
		{"gap, the second before it", "59 59 1 * * *", "Europe/Berlin", never, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", 1},
		{"gap, the second behind it", "0 0 3 * * *", "Europe/Berlin", never, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", 1},
		{"gap, from its end", "30 2 * * *", "Europe/Berlin", never, "2026-03-29T01:00:00Z", "2026-03-29T12:00:00Z", 0},
		{"gap, to its end", "30 2 * * *", "Europe/Berlin", never, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", 1},
		{"gap, hourly", "@hourly", "Europe/Berlin", never, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23},
		{"fold, fixed", "30 2 * * *", "Europe/Berlin", never, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", 1},
		{"fold, hourly", "@hourly", "Europe/Berlin", never, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25},
		{"every", "@every 15s", "", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", 3},
		{"every, anchor behind", "@every 15s", "", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", 0},
		{"every, anchor behind all", "@every 15s", "", "3000-01-01T00:00:00Z", never, "9999-01-01T00:00:00Z", 0},
		{"every, 292 years of 100 ms", "@every 100ms", "", never, never, "9999-01-01T00:00:00Z", 92_146_464_000},
		{"at", "@at 2026-12-24T18:00:00Z", "", never, "2026-01-01T00:00:00Z", "2026-12-24T18:00:00Z", 1},
		{"at, already", "@at 2026-12-24T18:00:00Z", "", never, "2026-12-24T18:00:00Z", "2027-01-01T00:00:00Z", 0},
		{"at, not yet", "@at 2026-12-24T18:00:00Z", "", never, "2026-01-01T00:00:00Z", "2026-12-24T17:59:59.999Z", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, c.spec, c.zone).Count(instant(t, c.after), instant(t, c.to), instant(t, c.anchor))
			if got != c.want {
				t.Errorf("Count is %d, want %d", got, c.want)
			}
		})
	}
}

// An anchor that no calendar names does not overflow.
func TestCountFromAnAbsurdAnchor(t *testing.T) {
	t.Parallel()
	s := parse(t, "@every 100ms", "")
	after := instant(t, "2026-01-01T00:00:00Z")
	if n := s.Count(after, after.Add(time.Minute), time.Unix(-1<<61, 0)); n != 600 {
		t.Errorf("Count is %d, want 600", n)
	}
}

// The work depends on the length of the range, not on what lies in it: these
// would take a minute and more, one by one.
func TestCountOfLongRangesIsFast(t *testing.T) {
	t.Parallel()
	after, to := instant(t, "2000-01-01T00:00:00Z"), instant(t, "2050-01-01T00:00:00Z")
	for _, zone := range someZones {
		s := parse(t, "* * * * * *", zone)
		begin := time.Now()
		n := s.Count(after.Add(-1), to.Add(-1), time.Time{})
		if took := time.Since(begin); took > 100*time.Millisecond {
			t.Errorf("%q: took %s", zone, took)
		}
		if want := int64(to.Sub(after) / time.Second); n != want {
			t.Errorf("%q: Count is %d, want %d", zone, n, want)
		}
	}
}

func TestCountDoesNotAllocate(t *testing.T) { //nolint:paralleltest // measures the whole process
	after, to := time.Unix(0, 0).UTC(), time.Unix(2e9, 0).UTC()
	for _, text := range validSpecs {
		s := parse(t, text, "Europe/Berlin")
		if n := testing.AllocsPerRun(3, func() { s.Count(after, to, after) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	after, to := time.Unix(946_684_800, 0), time.Unix(2_524_608_000, 0)
	for _, zone := range []string{"", "Europe/Berlin"} {
		b.Run("50 years "+zone, func(b *testing.B) {
			s := parse(b, "* * * * * *", zone)
			b.ReportAllocs()
			for b.Loop() {
				s.Count(after, to, after)
			}
		})
	}
}
