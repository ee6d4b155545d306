package spec_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/shared/spec"
)

var validSpecs = []string{
	"* * * * *", "* * * * * *", "*/10 * * * *", "0 * * * *", "30 2 * * *", "0 0 * * *", "0 0 29 2 *", "0 0 31 * *",
	"0 0 13 * 5", "59 59 23 31 12 ?", "0-30/7 1,2,3 * * mon-fri", "@hourly", "@yearly", "@weekly",
	"@every 100ms", "@every 15s", "@every 36h0.5s", "@every 87600h", "@at 2026-12-24T18:00:00.5+01:00",
}

var someZones = []string{"", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"}

func parseRapid(t *rapid.T, text, zone string) (*spec.Spec, error) {
	t.Helper()
	return spec.Parse(text, zone)
}

func drawTime(t *rapid.T, name string) time.Time {
	return time.Unix(rapid.Int64Range(-1e9, 9.5e9).Draw(t, name), rapid.Int64Range(0, 999_999_999).Draw(t, name+" nanos"))
}

// checkInstants holds what Next and Prev promise of each other for any two
// instants.
func checkInstants(t interface{ Fatalf(string, ...any) }, s *spec.Spec, anchor, a, b time.Time) {
	if b.Before(a) {
		a, b = b, a
	}
	na, okA := s.Next(a, anchor)
	nb, okB := s.Next(b, anchor)
	if !okA && okB || okA && okB && nb.Before(na) {
		t.Fatalf("%s: Next is not monotonic: %s → %s, %s → %s", s, a, na, b, nb)
	}
	if okA && !na.After(a) {
		t.Fatalf("%s: Next(%s) is %s", s, a, na)
	}
	if p, ok := s.Prev(a, anchor); ok && (p.After(a) || okA && !p.Before(na)) {
		t.Fatalf("%s: Prev(%s) is %s, Next is %s", s, a, p, na)
	} else if n, okN := s.Next(p, anchor); ok && (okN != okA || n != na) {
		t.Fatalf("%s: between %s and %s lies %s", s, p, na, n)
	}
	if !okA {
		return
	}
	if p, ok := s.Prev(na, anchor); !ok || p != na {
		t.Fatalf("%s: Prev(Next(%s)) is %s, want %s", s, a, p, na)
	}
	before, ok := s.Prev(na.Add(-1), anchor)
	if ok && before.After(a) {
		t.Fatalf("%s: Next(%s) is %s, but %s lies between", s, a, na, before)
	}
	if n, ok := s.Next(na.Add(-1), anchor); !ok || n != na {
		t.Fatalf("%s: Next(%s-1ns) is %s", s, na, n)
	}
}

func TestNextAndPrevAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := parseRapid(t, rapid.SampledFrom(validSpecs).Draw(t, "spec"), rapid.SampledFrom(someZones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		anchor, a := drawTime(t, "anchor"), drawTime(t, "a")
		b := a.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "b")))
		checkInstants(t, s, anchor, a, b)
	})
}
