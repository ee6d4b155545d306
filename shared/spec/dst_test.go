package spec_test

import "testing"

// clockCases are specs around a move of the clock.
var clockCases = []struct {
	name, spec, zone, after string
	want                    []string
}{
	// Berlin 2026: 29 March 02:00 → 03:00, 25 October 03:00 → 02:00
	{"gap: right after it", "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{
		"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00",
	}},
	{"gap: its first instant", "0 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{
		"2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00",
	}},
	{"gap: several are one", "0,15,30,45 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{
		"2026-03-29T03:00:00+02:00", "2026-03-29T03:15:00+02:00",
	}},
	{"gap: with seconds", "*/10 59 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{
		"2026-03-29T03:00:00+02:00", "2026-03-30T02:59:00+02:00",
	}},
	{"gap: asked inside the day", "30 2 * * *", "Europe/Berlin", "2026-03-29T03:00:00+02:00", []string{
		"2026-03-30T02:30:00+02:00",
	}},
	{"gap: hourly makes nothing up", "30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00+01:00", []string{
		"2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00",
	}},
	{"gap: every 2 hours makes nothing up", "0 */2 * * *", "Europe/Berlin", "2026-03-29T00:00:00+01:00", []string{
		"2026-03-29T04:00:00+02:00",
	}},
	{"gap: every 10 minutes", "*/10 * * * *", "Europe/Berlin", "2026-03-29T01:40:00+01:00", []string{
		"2026-03-29T01:50:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:10:00+02:00",
	}},
	{"gap: wildcard minute follows the clock", "*/20 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{
		"2026-03-30T02:00:00+02:00",
	}},
	{"gap: weekly on that day", "30 2 * * sun", "Europe/Berlin", "2026-03-23T00:00:00Z", []string{
		"2026-03-29T03:00:00+02:00", "2026-04-05T02:30:00+02:00",
	}},
	{"fold: the first time", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{
		"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00",
	}},
	{"fold: its first instant", "0 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{
		"2026-10-25T02:00:00+02:00", "2026-10-26T02:00:00+01:00",
	}},
	{"fold: its end", "0 3 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{
		"2026-10-25T03:00:00+01:00", "2026-10-26T03:00:00+01:00",
	}},
	{"fold: several", "0,30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{
		"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:00:00+01:00",
	}},
	{"fold: its last second", "59 59 2 * * *", "Europe/Berlin", "2026-10-25T02:00:00+02:00", []string{
		"2026-10-25T02:59:59+02:00", "2026-10-26T02:59:59+01:00",
	}},
	{"fold: asked between the two", "30 2 * * *", "Europe/Berlin", "2026-10-25T02:45:00+02:00", []string{
		"2026-10-26T02:30:00+01:00",
	}},
	{"fold: hourly goes on", "0 * * * *", "Europe/Berlin", "2026-10-25T01:00:00+02:00", []string{
		"2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00",
	}},
	{"fold: every 10 minutes goes on", "*/10 * * * *", "Europe/Berlin", "2026-10-25T02:40:00+02:00", []string{
		"2026-10-25T02:50:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:10:00+01:00",
	}},
	{"fold: @hourly goes on", "@hourly", "Europe/Berlin", "2026-10-25T02:00:00+02:00", []string{"2026-10-25T02:00:00+01:00"}},
	{"fold: wildcard minute follows the clock", "*/30 2 * * *", "Europe/Berlin", "2026-10-25T02:00:00+02:00", []string{
		"2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00", "2026-10-26T02:00:00+01:00",
	}},

	{"New York gap", "15 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", []string{
		"2026-03-08T03:00:00-04:00", "2026-03-09T02:15:00-04:00",
	}},
	{"New York fold", "15 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", []string{
		"2026-11-01T01:15:00-04:00", "2026-11-02T01:15:00-05:00",
	}},

	// São Paulo 2018: 4 November 00:00 → 01:00; 2019: 17 February 00:00 → 16 February 23:00
	{"midnight gap", "0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", []string{
		"2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00",
	}},
	{"midnight gap, @daily", "@daily", "America/Sao_Paulo", "2018-11-03T12:00:00Z", []string{"2018-11-04T01:00:00-02:00"}},
	{"midnight gap, @weekly", "@weekly", "America/Sao_Paulo", "2018-11-03T12:00:00Z", []string{
		"2018-11-04T01:00:00-02:00", "2018-11-11T00:00:00-02:00",
	}},
	{"fold across midnight", "30 23 * * *", "America/Sao_Paulo", "2019-02-16T12:00:00Z", []string{
		"2019-02-16T23:30:00-02:00", "2019-02-17T23:30:00-03:00",
	}},
	{"fold back into the day before", "0 0 * * *", "America/Sao_Paulo", "2019-02-16T12:00:00Z", []string{
		"2019-02-17T00:00:00-03:00", "2019-02-18T00:00:00-03:00",
	}},

	// Lord Howe 2026: 5 April 02:00 → 01:30, 4 October 02:00 → 02:30
	{"half-hour gap", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", []string{
		"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00",
	}},
	{"half-hour gap, outside", "45 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", []string{
		"2026-10-04T02:45:00+11:00",
	}},
	{"half-hour gap, hourly", "0 * * * *", "Australia/Lord_Howe", "2026-10-04T01:00:00+10:30", []string{
		"2026-10-04T03:00:00+11:00",
	}},
	{"half-hour fold", "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", []string{
		"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30",
	}},
	{"half-hour fold, every 15 minutes", "*/15 * * * *", "Australia/Lord_Howe", "2026-04-05T01:30:00+11:00", []string{
		"2026-04-05T01:45:00+11:00", "2026-04-05T01:30:00+10:30", "2026-04-05T01:45:00+10:30", "2026-04-05T02:00:00+10:30",
	}},

	// Apia had no 30 December 2011
	{"skipped day", "0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00-10:00", []string{
		"2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00",
	}},
	{"skipped day, by date", "0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00-10:00", []string{
		"2011-12-31T00:00:00+14:00", "2012-12-30T12:00:00+14:00",
	}},
	{"skipped day, hourly", "0 * * * *", "Pacific/Apia", "2011-12-29T22:00:00-10:00", []string{
		"2011-12-29T23:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T01:00:00+14:00",
	}},

	// Go gives a wrong end of the zone on the last day of a leap year
	{"31 December of a leap year", "0 12 31 12 *", "Europe/Berlin", "2040-12-31T00:30:00Z", []string{"2040-12-31T12:00:00+01:00", "2041-12-31T12:00:00+01:00"}},
	{"31 December of a leap year, hourly", "0 * * * *", "Europe/Berlin", "2040-12-31T22:30:00Z", []string{
		"2040-12-31T23:00:00Z", "2041-01-01T00:00:00Z",
	}},
	{"31 December of a leap year, summer", "0 12 1 7 *", "Europe/Berlin", "2040-12-31T12:30:00Z", []string{
		"2041-07-01T12:00:00+02:00",
	}},
	{"DST far ahead", "30 2 * * *", "Europe/Berlin", "2199-03-30T12:00:00Z", []string{"2199-03-31T03:00:00+02:00"}},
}

func TestClockChanges(t *testing.T) {
	t.Parallel()
	for _, c := range clockCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkNext(t, parse(t, c.spec, c.zone), instant(t, c.after), c.want)
		})
	}
}

// Prev asked in the second pass of the fold answers with the first.
func TestPrevInTheFold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ spec, at, want string }{
		{"59 59 2 * * *", "2026-10-25T02:59:59+01:00", "2026-10-25T02:59:59+02:00"},
		{"0 0 2 * * *", "2026-10-25T02:00:00+01:00", "2026-10-25T02:00:00+02:00"},
		{"0 30 2 * * *", "2026-10-25T02:45:00+01:00", "2026-10-25T02:30:00+02:00"},
		{"0 */30 * * * *", "2026-10-25T02:45:00+01:00", "2026-10-25T02:30:00+01:00"},
	} {
		got, ok := parse(t, c.spec, "Europe/Berlin").Prev(instant(t, c.at), instant(t, c.at))
		if want := instant(t, c.want); !ok || !got.Equal(want) {
			t.Errorf("%s: Prev(%s) is %s, %t, want %s", c.spec, c.at, got, ok, want.UTC())
		}
	}
}
