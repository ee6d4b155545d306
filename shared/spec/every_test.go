package spec_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEvery(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, spec, anchor, after, want string }{
		{"first", "@every 15s", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:15Z"},
		{"before the anchor", "@every 15s", "2026-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "2026-01-01T00:00:15Z"},
		{"strictly after", "@every 15s", "2026-01-01T00:00:00Z", "2026-01-01T00:00:15Z", "2026-01-01T00:00:30Z"},
		{"fraction of the anchor", "@every 15s", "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:01:00Z", "2026-01-01T00:01:00.123456789Z"},
		{"fraction borrowed", "@every 1s", "2026-01-01T00:00:00.9Z", "2026-01-01T00:00:05.1Z", "2026-01-01T00:00:05.9Z"},
		{"100 milliseconds", "@every 100ms", "2026-01-01T00:00:00.05Z", "2026-01-01T00:00:00.2Z", "2026-01-01T00:00:00.25Z"},
		{"1.5 seconds", "@every 1.5s", "2026-01-01T00:00:00Z", "2026-01-01T00:00:03Z", "2026-01-01T00:00:04.5Z"},
		{"several blanks", "@every \t 1h30m", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z"},
		{"ten years", "@every 87600h", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2035-12-30T00:00:00Z"},
		{"far from the anchor", "@every 7s", "0001-01-01T00:00:00Z", "2260-12-31T23:59:55Z", "2261-01-01T00:00:01Z"},
		{"in a zone", "TZ=Europe/Berlin @every 24h", "2026-03-28T00:00:00Z", "2026-03-29T12:00:00Z", "2026-03-30T00:00:00Z"},
		{"the end", "@every 1h", "2026-01-01T00:00:00Z", "2261-12-31T23:00:00Z", ""},
		{"anchor behind the end", "@every 1h", "3000-01-01T00:00:00Z", "2026-01-01T00:00:00Z", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, anchor := parse(t, c.spec, ""), instant(t, c.anchor)
			got, ok := s.Next(instant(t, c.after), anchor)
			if c.want == "" {
				if ok {
					t.Fatalf("Next is %s, want none", got)
				}
				return
			}
			if want := instant(t, c.want); !ok || !got.Equal(want) {
				t.Fatalf("Next is %s, %t, want %s", got, ok, want)
			}
			if p, ok := s.Prev(got, anchor); !ok || p != got {
				t.Errorf("Prev is %s, %t, want %s", p, ok, got)
			}
		})
	}
}

func TestEveryBeginsAfterItsAnchor(t *testing.T) {
	t.Parallel()
	s, anchor := parse(t, "@every 15s", ""), instant(t, "2026-01-01T00:00:00Z")
	for _, at := range []time.Duration{-time.Hour, 0, time.Second, 15*time.Second - 1} {
		if p, ok := s.Prev(anchor.Add(at), anchor); ok {
			t.Errorf("Prev(anchor%+v) is %s, want none", at, p)
		}
	}
}

// A small model: the multiples, added up one by one.
func TestEveryModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(1e8, 1e13).Draw(t, "every"))
		s, err := parseRapid(t, "@every "+d.String(), "")
		if err != nil {
			t.Fatal(err)
		}
		anchor := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "anchor"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"))
		n := rapid.IntRange(0, 50).Draw(t, "n")
		within := time.Duration(rapid.Int64Range(0, int64(d)-1).Draw(t, "within"))
		at := anchor
		for range n {
			at = at.Add(d)
		}
		if got, ok := s.Next(at.Add(within), anchor); !ok || !got.Equal(at.Add(d)) {
			t.Fatalf("Next is %s, %t, want %s", got, ok, at.Add(d))
		}
		got, ok := s.Prev(at.Add(within), anchor)
		if ok != (n > 0) || ok && !got.Equal(at) {
			t.Fatalf("Prev is %s, %t, want %s, %t", got, ok, at, n > 0)
		}
	})
}
