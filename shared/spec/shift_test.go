package spec_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// shiftCases are specs, a policy, and the marked times that follow an instant.
var shiftCases = []struct {
	name, spec, zone string
	dst              contract.DST
	after            string
	want             []string // time, space, shift
}{
	{
		"gap", "30 2 * * *", "Europe/Berlin",
		contract.DST{},
		"2026-03-28T12:00:00Z",
		[]string{"2026-03-29T03:00:00+02:00 gap", "2026-03-30T02:30:00+02:00 "},
	},
	{
		"gap, skipped", "30 2 * * *", "Europe/Berlin",
		contract.DST{Gap: "skip"},
		"2026-03-28T12:00:00Z",
		[]string{"2026-03-30T02:30:00+02:00 "},
	},
	{
		"gap, one at its end too", "0,30 2,3 * * *", "Europe/Berlin",
		contract.DST{},
		"2026-03-28T12:00:00Z",
		[]string{"2026-03-29T03:00:00+02:00 ", "2026-03-29T03:30:00+02:00 "},
	},
	{
		"gap, wildcard", "*/20 2 * * *", "Europe/Berlin",
		contract.DST{},
		"2026-03-28T12:00:00Z",
		[]string{"2026-03-30T02:00:00+02:00 "},
	},
	{
		"gap, wildcard under after", "*/20 2 * * *", "Europe/Berlin",
		contract.DST{Gap: "after"},
		"2026-03-28T12:00:00Z",
		[]string{"2026-03-29T03:00:00+02:00 gap", "2026-03-30T02:00:00+02:00 "},
	},
	{
		"fold, first", "30 2 * * *", "Europe/Berlin",
		contract.DST{},
		"2026-10-24T12:00:00Z",
		[]string{"2026-10-25T02:30:00+02:00 first", "2026-10-26T02:30:00+01:00 "},
	},
	{
		"fold, both", "30 2 * * *", "Europe/Berlin",
		contract.DST{Fold: "both"},
		"2026-10-24T12:00:00Z",
		[]string{"2026-10-25T02:30:00+02:00 first", "2026-10-25T02:30:00+01:00 second", "2026-10-26T02:30:00+01:00 "},
	},
	{
		"fold, wildcard", "*/30 2 * * *", "Europe/Berlin",
		contract.DST{},
		"2026-10-24T12:00:00Z",
		[]string{
			"2026-10-25T02:00:00+02:00 first", "2026-10-25T02:30:00+02:00 first",
			"2026-10-25T02:00:00+01:00 second", "2026-10-25T02:30:00+01:00 second", "2026-10-26T02:00:00+01:00 ",
		},
	},
	{
		"fold, wildcard under first", "*/30 2 * * *", "Europe/Berlin",
		contract.DST{Fold: "first"},
		"2026-10-24T12:00:00Z",
		[]string{"2026-10-25T02:00:00+02:00 first", "2026-10-25T02:30:00+02:00 first", "2026-10-26T02:00:00+01:00 "},
	},
	{
		"fold, its ends", "59 59 1,2 * * *", "Europe/Berlin",
		contract.DST{},
		"2026-10-24T12:00:00Z",
		[]string{"2026-10-25T01:59:59+02:00 ", "2026-10-25T02:59:59+02:00 first"},
	},
	{
		"fold, behind it", "0 0 3 * * *", "Europe/Berlin",
		contract.DST{Fold: "both"},
		"2026-10-24T12:00:00Z",
		[]string{"2026-10-25T03:00:00+01:00 "},
	},
	{
		"both policies at once", "30 2 * * *", "Europe/Berlin",
		contract.DST{Gap: "skip", Fold: "both"},
		"2026-10-25T02:30:00+02:00",
		[]string{"2026-10-25T02:30:00+01:00 second"},
	},
	{
		"half-hour gap", "15 2 * * *", "Australia/Lord_Howe",
		contract.DST{},
		"2026-10-03T00:00:00Z",
		[]string{"2026-10-04T02:30:00+11:00 gap", "2026-10-05T02:15:00+11:00 "},
	},
	{
		"half-hour fold", "20,45 1 * * *", "Australia/Lord_Howe",
		contract.DST{Fold: "both"},
		"2026-04-04T00:00:00Z",
		[]string{"2026-04-05T01:20:00+11:00 ", "2026-04-05T01:45:00+11:00 first", "2026-04-05T01:45:00+10:30 second"},
	},
	{
		"skipped day", "0 12 30 12 *", "Pacific/Apia",
		contract.DST{},
		"2011-12-29T00:00:00-10:00",
		[]string{"2011-12-31T00:00:00+14:00 gap", "2012-12-30T12:00:00+14:00 "},
	},
	{
		"across midnight", "30 23 * * *", "America/Sao_Paulo",
		contract.DST{Fold: "both"},
		"2019-02-16T12:00:00Z",
		[]string{"2019-02-16T23:30:00-02:00 first", "2019-02-16T23:30:00-03:00 second"},
	},
	{
		"winter time is the moved one", "30 1 * * *", "Europe/Dublin",
		contract.DST{Fold: "both"},
		"2026-10-24T12:00:00Z",
		[]string{"2026-10-25T01:30:00+01:00 first", "2026-10-25T01:30:00Z second"},
	},
	{
		"last days of a leap year", "0 12 * * *", "Europe/Berlin",
		contract.DST{},
		"2040-12-29T12:00:00Z",
		[]string{"2040-12-30T12:00:00+01:00 ", "2040-12-31T12:00:00+01:00 ", "2041-01-01T12:00:00+01:00 "},
	},
	{"no moves", "30 2 * * *", "", contract.DST{Fold: "both"}, "2026-10-24T12:00:00Z", []string{"2026-10-25T02:30:00Z "}},
	{"no moves, in a zone", "30 2 * * *", "Etc/GMT-1", contract.DST{}, "2026-10-24T12:00:00Z", []string{"2026-10-25T01:30:00Z "}},
	{"every", "@every 1h", "Europe/Berlin", contract.DST{Fold: "both"}, "2026-10-25T00:30:00Z", []string{"2026-10-25T01:30:00Z "}},
	{"at", "@at 2026-10-25T01:30:00Z", "Europe/Berlin", contract.DST{}, "2026-10-25T00:30:00Z", []string{"2026-10-25T01:30:00Z "}},
	{
		"unknown policy", "30 2 * * *", "Europe/Berlin",
		contract.DST{Gap: "x", Fold: "y"},
		"2026-03-28T12:00:00Z",
		[]string{"2026-03-29T03:00:00+02:00 gap"},
	},
}

func TestShift(t *testing.T) {
	t.Parallel()
	for _, c := range shiftCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, at := parse(t, c.spec, c.zone).WithDST(c.dst), instant(t, c.after)
			var got []string
			for i, text := range c.want {
				next, ok := s.Next(at, at)
				if !ok {
					t.Fatal("Next finds none")
				}
				shown, _, _ := strings.Cut(text, " ")
				got = append(got, next.In(instant(t, shown).Location()).Format(time.RFC3339)+" "+string(s.Shift(next)))
				if got[i] != text {
					break
				}
				at = next
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// A policy that changes nothing makes no new spec: a node holds a million.
func TestWithDSTKeepsWhatIsTheSame(t *testing.T) {
	t.Parallel()
	fixed, wildcard, every := parse(t, "30 2 * * *", ""), parse(t, "* 2 * * *", ""), parse(t, "@every 1h", "")
	for _, s := range []struct {
		spec *spec.Spec
		dst  contract.DST
	}{
		{fixed, contract.DST{}},
		{fixed, contract.DST{Gap: "after", Fold: "first"}},
		{wildcard, contract.DST{}},
		{wildcard, contract.DST{Gap: "skip", Fold: "both"}},
		{every, contract.DST{Gap: "skip", Fold: "both"}},
	} {
		if got := s.spec.WithDST(s.dst); got != s.spec {
			t.Errorf("%s under %+v is another spec", s.spec, s.dst)
		}
	}
}

func TestWithDSTLeavesItsReceiver(t *testing.T) {
	t.Parallel()
	at := instant(t, "2026-03-28T12:00:00Z")
	s := parse(t, "30 2 * * *", "Europe/Berlin")
	before, _ := s.Next(at, at)
	skip := s.WithDST(contract.DST{Gap: contract.GapSkip})
	if after, _ := s.Next(at, at); !after.Equal(before) {
		t.Errorf("Next is %s, then %s", before, after)
	}
	if next, _ := skip.Next(at, at); next.Equal(before) || skip.String() != s.String() {
		t.Errorf("under the policy, %s is next at %s", skip, next)
	}
	if again, _ := skip.WithDST(contract.DST{Gap: contract.GapAfter}).Next(at, at); !again.Equal(before) {
		t.Errorf("under the default again, Next is %s, want %s", again, before)
	}
}
