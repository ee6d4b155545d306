package spec_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/spec"
	"github.com/weplanx/workflow/shared/spec/spectest"
)

func seed(f *testing.F) {
	f.Helper()
	for _, c := range spectest.Malformed {
		f.Add(c.Spec, c.Timezone, int64(1_774_745_999), int64(0))
	}
	for i, text := range validSpecs {
		f.Add(text, someZones[i%len(someZones)], int64(1_774_745_999), int64(-5))
	}
	for _, c := range clockCases {
		f.Add(c.spec, c.zone, instant(f, c.after).Unix(), int64(1))
	}
}

// FuzzParse: no panic, a refusal keeps its promises, an acceptance is stable.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text, zone string, _, _ int64) {
		s, err := spec.Parse(text, zone)
		if err != nil {
			checkFieldError(t, err)
			return
		}
		again, err := spec.Parse(s.String(), zone)
		if err != nil || again.String() != s.String() {
			t.Fatalf("Parse(%q) is %v, but its text gives %v, %v", text, s, again, err)
		}
	})
}

// FuzzNext: no panic, no endless search, Next and Prev agree.
func FuzzNext(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text, zone string, seconds, nanos int64) {
		s, err := spec.Parse(text, zone)
		if err != nil {
			return
		}
		a := time.Unix(seconds, nanos)
		begin := time.Now()
		for _, anchor := range []time.Time{{}, a, a.Add(-time.Hour), time.Unix(nanos, seconds)} {
			checkInstants(t, s, anchor, a, a.Add(time.Duration(nanos)))
		}
		if took := time.Since(begin); took > time.Second {
			t.Fatalf("took %s", took)
		}
	})
}
