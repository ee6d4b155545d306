package spec_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/spec"
)

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func parse(t testing.TB, text, zone string) *spec.Spec {
	t.Helper()
	s, err := spec.Parse(text, zone)
	if err != nil {
		t.Fatalf("Parse(%q, %q): %v", text, zone, err)
	}
	return s
}

// calendarCases are specs and the times that follow an instant.
var calendarCases = []struct {
	name, spec, zone, after string
	want                    []string
}{
	{"every minute", "* * * * *", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"}},
	{"strictly after", "0 0 * * *", "", "2026-01-01T00:00:00Z", []string{"2026-01-02T00:00:00Z"}},
	{"a nanosecond before", "0 0 * * *", "", "2025-12-31T23:59:59.999999999Z", []string{"2026-01-01T00:00:00Z"}},
	{"every second", "* * * * * *", "", "2026-12-31T23:59:58.5Z", []string{"2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"}},
	{"six fields", "15,45 30 9 * * *", "", "2026-01-01T09:30:15Z", []string{"2026-01-01T09:30:45Z", "2026-01-02T09:30:15Z"}},
	{"tabs and blanks", " \t*/20\t* * *  * ", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T00:20:00Z", "2026-01-01T00:40:00Z"}},
	{"range with step", "10-30/10 0 * * *", "", "2026-01-01T00:10:00Z", []string{"2026-01-01T00:20:00Z", "2026-01-01T00:30:00Z", "2026-01-02T00:10:00Z"}},
	{"step from a value", "40/10 * * * *", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T00:40:00Z", "2026-01-01T00:50:00Z", "2026-01-01T01:40:00Z"}},
	{"longest step", "*/60 * * * *", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T01:00:00Z"}},
	{"leading zeros", "05 09 * * *", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T09:05:00Z"}},
	{"month ends", "0 0 31 * *", "", "2026-01-31T00:00:00Z", []string{"2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z"}},
	{"day 30 and February", "0 0 30 * *", "", "2026-01-30T00:00:00Z", []string{"2026-03-30T00:00:00Z"}},
	{"leap day", "0 0 29 2 *", "", "2024-02-29T00:00:00Z", []string{"2028-02-29T00:00:00Z"}},
	{"leap day across 2100", "0 0 29 2 *", "", "2096-02-29T00:00:00Z", []string{"2104-02-29T00:00:00Z"}},
	{"month names", "0 0 1 JAN,jul *", "", "2026-01-01T00:00:00Z", []string{"2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"}},
	{"weekdays", "0 9 * * mon-fri", "", "2026-01-02T09:00:00Z", []string{"2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z"}},
	{"Sunday is 0", "0 9 * * 0", "", "2026-01-01T00:00:00Z", []string{"2026-01-04T09:00:00Z"}},
	{"Sunday is 7", "0 9 * * 7", "", "2026-01-01T00:00:00Z", []string{"2026-01-04T09:00:00Z", "2026-01-11T09:00:00Z"}},
	{"5-7", "0 9 * * 5-7", "", "2026-01-01T12:00:00Z", []string{"2026-01-02T09:00:00Z", "2026-01-03T09:00:00Z", "2026-01-04T09:00:00Z", "2026-01-09T09:00:00Z"}},
	{"fri-sun", "0 9 * * FRI-Sun", "", "2026-01-01T12:00:00Z", []string{"2026-01-02T09:00:00Z", "2026-01-03T09:00:00Z", "2026-01-04T09:00:00Z", "2026-01-09T09:00:00Z"}},
	{"1-7/3", "0 9 * * 1-7/3", "", "2026-01-01T12:00:00Z", []string{"2026-01-04T09:00:00Z", "2026-01-05T09:00:00Z", "2026-01-08T09:00:00Z"}},
	{"either day", "0 0 13 * 5", "", "2026-01-05T00:00:00Z", []string{"2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z", "2026-01-16T00:00:00Z"}},
	{"question mark", "0 0 0 13 * ?", "", "2026-01-01T00:00:00Z", []string{"2026-01-13T00:00:00Z", "2026-02-13T00:00:00Z"}},
	{"Fridays of a month", "0 0 ? 3 5", "", "2026-01-01T00:00:00Z", []string{"2026-03-06T00:00:00Z"}},
	{"31 February or a Monday", "0 0 31 2 1", "", "2026-01-01T00:00:00Z", []string{"2026-02-02T00:00:00Z"}},
	{"@yearly", "@yearly", "", "2026-01-01T00:00:00Z", []string{"2027-01-01T00:00:00Z"}},
	{"@annually", "@annually", "", "2026-01-01T00:00:00Z", []string{"2027-01-01T00:00:00Z"}},
	{"@monthly", "@monthly", "", "2026-01-01T00:00:00Z", []string{"2026-02-01T00:00:00Z"}},
	{"@weekly", "@weekly", "", "2026-01-01T00:00:00Z", []string{"2026-01-04T00:00:00Z"}},
	{"@daily", "@daily", "", "2026-01-01T00:00:00Z", []string{"2026-01-02T00:00:00Z"}},
	{"@midnight", "@midnight", "", "2026-01-01T00:00:00Z", []string{"2026-01-02T00:00:00Z"}},
	{"@hourly", "@hourly", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T01:00:00Z"}},
	{"timezone", "0 9 * * *", "Asia/Shanghai", "2026-01-01T00:00:00Z", []string{"2026-01-01T01:00:00Z"}},
	{"TZ prefix", "TZ=Asia/Shanghai 0 9 * * *", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T01:00:00Z"}},
	{"CRON_TZ prefix", "CRON_TZ=Asia/Shanghai\t 0 9 * * *", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T01:00:00Z"}},
	{"both the same", "TZ=Asia/Shanghai 0 9 * * *", "Asia/Shanghai", "2026-01-01T00:00:00Z", []string{"2026-01-01T01:00:00Z"}},
	{"prefix and descriptor", "TZ=Asia/Shanghai @daily", "", "2026-01-01T00:00:00Z", []string{"2026-01-01T16:00:00Z"}},
	{"offset of 5:45", "0 9 * * *", "Asia/Kathmandu", "2026-01-01T00:00:00Z", []string{"2026-01-01T03:15:00Z", "2026-01-02T03:15:00Z"}},
	{"zone with a fixed offset", "0 9 * * *", "Etc/GMT+5", "2026-01-01T00:00:00Z", []string{"2026-01-01T14:00:00Z"}},
	{"before 1970", "@yearly", "", "0001-01-01T00:00:00Z", []string{"1970-01-01T00:00:00Z"}},
	{"last year", "@yearly", "", "2260-06-01T00:00:00Z", []string{"2261-01-01T00:00:00Z", ""}},
	{"after the last year", "* * * * *", "", "2262-06-01T00:00:00Z", []string{""}},
	{"@at", "@at 2026-12-24T18:00:00+01:00", "", "2026-01-01T00:00:00Z", []string{"2026-12-24T17:00:00Z", ""}},
	{"@at with a fraction", "@at 2026-12-24T18:00:00.25Z", "", "2026-01-01T00:00:00Z", []string{"2026-12-24T18:00:00.25Z", ""}},
	{"@at now", "@at 2026-12-24T18:00:00Z", "", "2026-12-24T18:00:00Z", []string{""}},
	{"@at with a zone that does not matter", "@at  2026-12-24T18:00:00Z", "Asia/Shanghai", "2026-01-01T00:00:00Z", []string{"2026-12-24T18:00:00Z"}},
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, c := range calendarCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkNext(t, parse(t, c.spec, c.zone), instant(t, c.after), c.want)
		})
	}
}

// checkNext also asks Prev for the way back. An empty want means none.
func checkNext(t *testing.T, s *spec.Spec, after time.Time, want []string) {
	t.Helper()
	for i, text := range want {
		got, ok := s.Next(after, after)
		if text == "" {
			if ok {
				t.Fatalf("[%d] Next is %s, want none", i, got)
			}
			return
		}
		wanted := instant(t, text)
		if !ok || !got.Equal(wanted) {
			t.Fatalf("[%d] Next(%s) is %s, %t, want %s", i, after, got, ok, wanted)
		}
		if got.Location() != time.UTC {
			t.Errorf("[%d] Next is in %s, want UTC", i, got.Location())
		}
		for _, at := range []time.Time{got, got.Add(time.Nanosecond)} {
			if p, ok := s.Prev(at, after); !ok || p != got {
				t.Errorf("[%d] Prev(%s) is %s, %t, want %s", i, at, p, ok, got)
			}
		}
		after = got
	}
}

func TestPrevNone(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, spec, at string }{
		{"before @at", "@at 2026-12-24T18:00:00Z", "2026-12-24T17:59:59.999999999Z"},
		{"before 1970", "* * * * *", "1969-12-31T23:59:59Z"},
		{"before the first", "0 0 1 7 *", "1970-06-30T00:00:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if p, ok := parse(t, c.spec, "").Prev(instant(t, c.at), time.Time{}); ok {
				t.Errorf("Prev is %s, want none", p)
			}
		})
	}
}

func TestPrevAfterTheLastYear(t *testing.T) {
	t.Parallel()
	p, ok := parse(t, "@yearly", "").Prev(instant(t, "9999-01-01T00:00:00Z"), time.Time{})
	if !ok || !p.Equal(instant(t, "2261-01-01T00:00:00Z")) {
		t.Errorf("Prev is %s, %t, want the last of all", p, ok)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	if got := parse(t, "  TZ=UTC  @daily\t", "").String(); got != "TZ=UTC  @daily" {
		t.Errorf("String is %q", got)
	}
}

func TestLongestSpec(t *testing.T) {
	t.Parallel()
	text := "0 0 * * *"
	for len(text) < spec.MaxLength {
		text += " "
	}
	parse(t, text, "")
}
