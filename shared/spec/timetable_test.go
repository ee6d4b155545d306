package spec_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

func forJob(t testing.TB, job contract.Job) *spec.Timetable {
	t.Helper()
	table, err := spec.ForJob(&job)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// bound is an instant, or none.
func bound(t testing.TB, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	return instant(t, text)
}

func TestTimetableBounds(t *testing.T) {
	t.Parallel()
	const anchor = "2026-01-01T00:00:00.5Z"
	cases := []struct {
		name, spec, start, end string
		want                   []string // all times from 2026 to 2027
	}{
		{"none", "0 0 1 1,7 *", "", "", []string{"2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"}},
		{
			"both included", "0 0 1 * *", "2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z",
			[]string{"2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z"},
		},
		{
			"a nanosecond within", "0 0 1 * *", "2026-03-01T00:00:00.000000001Z", "2026-04-30T23:59:59.999999999Z",
			[]string{"2026-04-01T00:00:00Z"},
		},
		{"start alone", "0 0 1 * *", "2026-12-01T00:00:00Z", "", []string{"2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"}},
		{"end alone", "0 0 1 * *", "", "2026-02-01T00:00:00Z", []string{"2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"}},
		{"one instant", "0 0 1 * *", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", []string{"2026-03-01T00:00:00Z"}},
		{"nothing between", "0 0 1 * *", "2026-03-02T00:00:00Z", "2026-03-31T00:00:00Z", nil},
		{"start behind all years", "0 0 1 * *", "9999-01-01T00:00:00Z", "", nil},
		{"start before all years", "0 0 1 1 *", "0001-01-01T00:00:01Z", "", []string{"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"}},
		{"end before all years", "0 0 1 * *", "", "0001-01-01T00:00:01Z", nil},
		{
			"in another zone", "0 0 1 * *", "2026-03-01T01:00:00+01:00", "2026-03-31T23:00:00-01:00",
			[]string{"2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		},
		{
			"every keeps its anchor", "@every 24h", "2026-01-03T00:00:00Z", "2026-01-05T00:00:00.5Z",
			[]string{"2026-01-03T00:00:00.5Z", "2026-01-04T00:00:00.5Z", "2026-01-05T00:00:00.5Z"},
		},
		{"every, start before the anchor", "@every 24h", "2025-01-01T00:00:00Z", "2026-01-02T12:00:00Z", []string{"2026-01-02T00:00:00.5Z"}},
		{"at within", "@at 2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z", []string{"2026-07-01T00:00:00Z"}},
		{"at before", "@at 2026-07-01T00:00:00Z", "2026-07-01T00:00:01Z", "", nil},
		{"at behind", "@at 2026-07-01T00:00:00Z", "", "2026-06-30T23:59:59Z", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var want []time.Time
			for _, text := range c.want {
				want = append(want, instant(t, text))
			}
			table := forJob(t, contract.Job{Spec: c.spec, Start: bound(t, c.start), End: bound(t, c.end)})
			checkTimes(t, table, want, instant(t, "2026-01-01T00:00:00Z"), instant(t, "2027-01-01T00:00:00Z"), instant(t, anchor))
		})
	}
}

// checkTimes holds every question to a timetable against the times it has from
// one instant to another, both included.
func checkTimes(t interface {
	Helper()
	Errorf(string, ...any)
}, table *spec.Timetable, want []time.Time, from, to, anchor time.Time,
) {
	t.Helper()
	same := func(got []time.Time) bool { return slices.EqualFunc(got, want, time.Time.Equal) }
	var next, prev, preview []time.Time
	for at, ok := table.Next(from.Add(-1), anchor); ok && !at.After(to); at, ok = table.Next(at, anchor) {
		next = append(next, at)
	}
	for at, ok := table.Prev(to, anchor); ok && !at.Before(from); at, ok = table.Prev(at.Add(-1), anchor) {
		prev = append(prev, at)
	}
	for _, u := range table.Preview(from.Add(-1), anchor, len(want)) {
		preview = append(preview, u.Time)
	}
	slices.Reverse(prev)
	if !same(next) {
		t.Errorf("Next gives %s, want %s", next, want)
	}
	if !same(prev) {
		t.Errorf("Prev gives %s, want %s", prev, want)
	}
	if !same(preview) {
		t.Errorf("Preview gives %s, want %s", preview, want)
	}
	if n := table.Count(from.Add(-1), to, anchor); n != int64(len(want)) {
		t.Errorf("Count is %d, want %d", n, len(want))
	}
	for _, at := range want {
		if !table.Has(at, anchor) || !table.Has(at.In(time.FixedZone("", 3600)), anchor) {
			t.Errorf("Has(%s) is false", at)
		}
		for _, near := range []time.Duration{-1, 1, time.Second} {
			if n := at.Add(near); table.Has(n, anchor) && !slices.ContainsFunc(want, n.Equal) && !n.Before(from) && !n.After(to) {
				t.Errorf("Has(%s) is true", n)
			}
		}
	}
}

// What lies outside the bounds is exactly what is missing.
func TestTimetableIsItsSpecWithinBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(someZones).Draw(t, "zone")
		job := contract.Job{Spec: rapid.SampledFrom(validSpecs).Draw(t, "spec"), Timezone: zone, DST: drawDST(t)}
		from := drawNear(t, zone)
		anchor := from.Add(time.Duration(rapid.Int64Range(-1e14, 1e14).Draw(t, "anchor")))
		s, err := parseRapid(t, job.Spec, job.Timezone)
		if err != nil {
			t.Fatal(err)
		}
		s = s.WithDST(job.DST)
		var all []time.Time
		to := from
		for at, ok := s.Next(from.Add(-1), anchor); ok && len(all) < 200 && at.Before(from.Add(40*24*time.Hour)); at, ok = s.Next(at, anchor) {
			all, to = append(all, at), at
		}
		length := int64(to.Sub(from)) + 1
		if rapid.Bool().Draw(t, "bounded below") {
			job.Start = from.Add(time.Duration(rapid.Int64Range(-length, length).Draw(t, "start")))
		}
		if rapid.Bool().Draw(t, "bounded above") {
			job.End = from.Add(time.Duration(rapid.Int64Range(0, length).Draw(t, "end")))
		}
		want := slices.DeleteFunc(all, func(at time.Time) bool {
			return at.Before(job.Start) || !job.End.IsZero() && at.After(job.End)
		})
		table, err := spec.ForJob(&job)
		if err != nil {
			t.Fatal(err)
		}
		checkTimes(t, table, want, from, to, anchor)
	})
}

func TestForJobNamesTheField(t *testing.T) {
	t.Parallel()
	for field, job := range map[string]contract.Job{
		"spec":     {Spec: "61 * * * *"},
		"timezone": {Spec: "* * * * *", Timezone: "Nowhere"},
	} {
		table, err := spec.ForJob(&job)
		var f *contract.FieldError
		if table != nil || !errors.As(err, &f) || f.Field != field {
			t.Errorf("ForJob is %v, %v, want an error on %s", table, err, field)
		}
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	berlin := contract.Job{
		Spec: "30 2 * * *", Timezone: "Europe/Berlin", DST: contract.DST{Fold: contract.FoldBoth},
		Jitter: contract.Duration(time.Hour),
	}
	at := instant(t, "2026-10-24T12:00:00Z")
	want := []spec.Upcoming{
		{Time: instant(t, "2026-10-25T00:30:00Z"), Shift: spec.ShiftFirst},
		{Time: instant(t, "2026-10-25T01:30:00Z"), Shift: spec.ShiftSecond},
		{Time: instant(t, "2026-10-26T01:30:00Z")},
	}
	if got := forJob(t, berlin).Preview(at, at, 3); !slices.Equal(got, want) {
		t.Errorf("Preview is %v, want %v", got, want)
	}
	for _, c := range []struct {
		name string
		spec string
		n    int
		want int
	}{
		{"none", "@hourly", 0, 0},
		{"negative", "@hourly", -1, 0},
		{"most", "@hourly", spec.MaxPreview, 1000},
		{"more", "@hourly", 1 << 40, 1000},
		{"once", "@at 2027-01-01T00:00:00Z", 5, 1},
		{"never again", "@at 2020-01-01T00:00:00Z", 5, 0},
		{"to the last year", "0 0 29 2 *", 1000, 57},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := forJob(t, contract.Job{Spec: c.spec}).Preview(at, at, c.n); len(got) != c.want {
				t.Errorf("Preview has %d, want %d", len(got), c.want)
			}
		})
	}
}

func ExampleTimetable_Preview() {
	job := contract.Job{Spec: "30 2 * * *", Timezone: "Europe/Berlin"}
	table, err := spec.ForJob(&job)
	if err != nil {
		fmt.Println(err)
		return
	}
	after := time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)
	for _, u := range table.Preview(after, after, 3) {
		fmt.Printf("%s %q\n", u.Time.Format(time.RFC3339), u.Shift)
	}
	// Output:
	// 2026-03-28T01:30:00Z ""
	// 2026-03-29T01:00:00Z "gap"
	// 2026-03-30T00:30:00Z ""
}
