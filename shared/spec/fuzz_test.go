package spec_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
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

// FuzzNext: no panic, no endless search; Next, Prev and Count agree, under
// every policy.
func FuzzNext(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text, zone string, seconds, nanos int64) {
		plain, err := spec.Parse(text, zone)
		if err != nil {
			return
		}
		a := time.Unix(seconds, nanos)
		b := a.Add(time.Duration(nanos))
		begin := time.Now()
		for _, dst := range allPolicies {
			s := plain.WithDST(dst)
			for _, anchor := range []time.Time{{}, a, a.Add(-time.Hour), time.Unix(nanos, seconds)} {
				checkInstants(t, s, anchor, a, b)
				checkCount(t, s, a, b, anchor)
			}
			s.Shift(a)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Fatalf("took %s", took)
		}
	})
}

var allPolicies = []contract.DST{
	{},
	{Gap: contract.GapAfter, Fold: contract.FoldBoth},
	{Gap: contract.GapSkip, Fold: contract.FoldFirst},
	{Gap: "?", Fold: contract.FoldBoth},
}

// checkCount holds what Count promises of two instants.
func checkCount(t *testing.T, s counter, a, b, anchor time.Time) {
	t.Helper()
	const limit = 50
	if b.Before(a) {
		a, b = b, a
	}
	got, want := s.Count(a, b, anchor), countByNext(s, a, b, anchor, limit)
	if got != want && (want < limit || got < limit) {
		t.Fatalf("Count from %s to %s, anchor %s, is %d, Next finds %d", a, b, anchor, got, want)
	}
	if n := s.Count(b, a, anchor); n != 0 {
		t.Fatalf("Count from %s back to %s is %d", b, a, n)
	}
}

// FuzzTimetable: no panic, no endless search; the times of a job lie within its
// bounds, are counted, and are due in their order.
func FuzzTimetable(f *testing.F) {
	for i, text := range validSpecs {
		f.Add(text, someZones[i%len(someZones)], int64(1_774_745_999), int64(i*1000), int64(i)<<40, uint8(i))
	}
	f.Add("30 2 * * *", "Europe/Berlin", int64(1_774_700_000), int64(-100_000), int64(9e13), uint8(7))
	f.Fuzz(func(t *testing.T, text, zone string, seconds, span, jitter int64, choice uint8) {
		job := contract.Job{
			Spec: text, Timezone: zone, DST: allPolicies[choice%4],
			Jitter: contract.Duration(max(0, jitter) % int64(contract.MaxJitter+1)),
		}
		at := time.Unix(seconds, jitter)
		if choice&4 != 0 {
			job.Start = at
		}
		if choice&8 != 0 {
			job.End = at.Add(time.Duration(span) * time.Second)
		}
		table, err := spec.ForJob(&job)
		if err != nil {
			return
		}
		begin := time.Now()
		for _, after := range []time.Time{at, at.Add(-time.Hour), {}, job.End} {
			checkTimetable(t, table, &job, after, at.Add(-time.Duration(span)))
			checkCount(t, table, after, at.Add(time.Duration(span)), at)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Fatalf("took %s", took)
		}
	})
}

func checkTimetable(t *testing.T, table *spec.Timetable, job *contract.Job, after, anchor time.Time) {
	t.Helper()
	before, due := after, time.Time{}
	for _, u := range table.Preview(after, anchor, 5) {
		switch n := u.Time; {
		case !n.After(before), n.Before(job.Start), !job.End.IsZero() && n.After(job.End):
			t.Fatalf("%s follows %s, bounds %s and %s", n, before, job.Start, job.End)
		case !table.Has(n, anchor):
			t.Fatalf("Has(%s) is false", n)
		}
		if p, ok := table.Prev(u.Time, anchor); !ok || p != u.Time {
			t.Fatalf("Prev(%s) is %s, %t", u.Time, p, ok)
		}
		next := table.Due("beta", job.Spec, 0, u.Time, anchor)
		if next.Before(u.Time) || !next.After(due) {
			t.Fatalf("%s is due at %s, the one before at %s", u.Time, next, due)
		}
		before, due = u.Time, next
	}
}
