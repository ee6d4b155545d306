package client

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// sec is an instant n seconds after the schedule of these tests was stored.
func sec(n int) time.Time { return clock(10, 0, 0, 0).Add(time.Duration(n) * time.Second) }

func final(index, n int) common.Result {
	return common.Result{Kind: contract.KindFinal, Index: index, Scheduled: sec(n), Due: sec(n), Outcome: contract.OutcomeSuccess}
}

func attempted(n int) common.Result {
	return common.Result{Kind: contract.KindAttempt, Scheduled: sec(n), Due: sec(n), Outcome: contract.OutcomeRetry}
}

func missed(from, to int, count int64) common.Result {
	return common.Result{Kind: contract.KindMissed, Scheduled: sec(to), Due: sec(to), From: sec(from), To: sec(to), Count: count, Reason: "late"}
}

// finals are the final records from one second to another, every ten seconds.
func finals(from, to int) (list []common.Result) {
	for n := from; n <= to; n += 10 {
		list = append(list, final(0, n))
	}
	return list
}

func with(lists ...any) (all []common.Result) {
	for _, l := range lists {
		switch l := l.(type) {
		case common.Result:
			all = append(all, l)
		case []common.Result:
			all = append(all, l...)
		}
	}
	return all
}

// told is an audit in short: numbers, then differences with their seconds.
func told(a Audit) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d:", a.Demanded)
	for _, n := range []struct {
		what string
		n    int64
	}{{"run", a.Run}, {"missed", a.Missed}, {"pending", a.Pending}, {"open", a.Open}} {
		if n.n > 0 {
			fmt.Fprintf(&b, " %d %s", n.n, n.what)
		}
	}
	for _, d := range a.Differences {
		fmt.Fprintf(&b, ", %s %g", d.Kind, d.Scheduled.Sub(sec(0)).Seconds())
	}
	return b.String()
}

// The schedule is "@every 10s"; what is due from 0 to 100 is audited.
func TestLedger(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		log     []common.Result
		since   int
		now     int // 0: an hour later
		cursor  int // up to where is published; 0: all
		maxOpen int
		want    string
	}{
		"all run":           {log: finals(10, 100), want: "10: 10 run"},
		"nothing recorded":  {want: "10:, missing 10, missing 20, missing 30, missing 40, missing 50, missing 60, missing 70, missing 80, missing 90, missing 100"},
		"one lost":          {log: with(finals(10, 40), finals(60, 100)), want: "10: 9 run, missing 50"},
		"two lost at end":   {log: finals(10, 80), want: "10: 8 run, missing 90, missing 100"},
		"run twice":         {log: with(finals(10, 100), final(0, 30)), want: "10: 10 run, duplicate 30"},
		"run thrice":        {log: with(finals(10, 100), final(0, 30), final(0, 30)), want: "10: 10 run, duplicate 30, duplicate 30"},
		"out of order":      {log: with(finals(60, 100), finals(10, 50)), want: "10: 10 run"},
		"not demanded":      {log: with(finals(10, 100), final(0, 35)), want: "10: 10 run, unexpected 35"},
		"of no job":         {log: with(finals(10, 100), final(1, 30)), want: "10: 10 run, unexpected 30"},
		"with attempts":     {log: with(attempted(10), final(0, 10), attempted(20), attempted(20), finals(20, 100)), want: "10: 10 run"},
		"events":            {log: with(finals(10, 100), common.Result{Kind: contract.KindFinal}, common.Result{Kind: contract.KindBadEntry}), want: "10: 10 run"},
		"before since":      {log: finals(10, 100), since: 50, want: "5: 5 run"},
		"not since, lost":   {log: finals(60, 100), since: 50, want: "5: 5 run"},
		"after until":       {log: with(finals(10, 120), final(0, 115)), want: "10: 10 run"},
		"pending":           {log: finals(10, 80), now: 110, want: "10: 8 run 2 pending"},
		"no longer pending": {log: finals(10, 80), now: 155, want: "10: 8 run 1 pending, missing 90"},
		"open":              {log: with(finals(10, 90), attempted(100)), want: "10: 9 run 1 open"},
		"open for ever":     {log: with(finals(10, 90), attempted(100)), now: 100 + 86401, want: "10: 9 run, unfinished 100"},
		"not published":     {log: finals(10, 80), cursor: 95, want: "10: 8 run, missing 90, unpublished 100"},
		"missed":            {log: with(finals(10, 40), missed(50, 80, 4), finals(90, 100)), want: "10: 6 run 4 missed"},
		"missed one":        {log: with(finals(10, 40), missed(50, 50, 1), finals(60, 100)), want: "10: 9 run 1 missed"},
		"missed, told late": {log: with(finals(10, 40), finals(90, 100), missed(50, 80, 4)), want: "10: 6 run 4 missed"},
		"missed, not all":   {log: with(finals(10, 40), missed(50, 70, 3), finals(90, 100)), want: "10: 6 run 3 missed, missing 80"},
		"missed and run before": {
			log: with(finals(10, 50), missed(50, 80, 4), finals(90, 100)), want: "10: 7 run 3 missed, overlap 80",
		},
		"missed and run after": {
			log: with(finals(10, 40), missed(50, 80, 4), finals(80, 100)), want: "10: 6 run 4 missed, overlap 80",
		},
		"missed twice":               {log: with(finals(10, 40), missed(50, 80, 4), missed(50, 80, 4), finals(90, 100)), want: "10: 6 run 4 missed, overlap 80"},
		"missed counts too few":      {log: with(finals(10, 40), missed(50, 80, 3), finals(90, 100)), want: "10: 6 run 4 missed, count 80"},
		"missed, not demanded":       {log: with(finals(10, 100), missed(41, 45, 2)), want: "10: 10 run, unexpected 45"},
		"missed from before since":   {log: with(missed(10, 80, 8), finals(90, 100)), since: 50, want: "5: 2 run 3 missed"},
		"missed to after until":      {log: with(finals(10, 80), missed(90, 200, 12)), want: "10: 8 run 2 missed"},
		"more waits than is allowed": {log: with(finals(10, 40), finals(90, 100)), maxOpen: 2, want: "6: 4 run, missing 50, missing 60"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := sec(3600)
			if c.now > 0 {
				now = sec(c.now)
			}
			published := func(o occurrence) bool { return c.cursor == 0 || o.due.Before(sec(c.cursor)) }
			l := newLedger(demandOf(rev(1, sec(0), every("@every 10s"))), sec(c.since), sec(100), now, published)
			if c.maxOpen > 0 {
				l.maxOpen = c.maxOpen
			}
			for _, r := range c.log {
				l.add(r)
			}
			report, err := l.close(context.Background())
			if got := told(report); err != nil || got != c.want {
				t.Errorf("audit is %q, %v, want %q", got, err, c.want)
			}
			if (len(report.Limits) > 0) != (c.maxOpen > 0) || report.Total != int64(len(report.Differences)) {
				t.Errorf("limits are %q, total is %d", report.Limits, report.Total)
			}
			accounted := report.Run + report.Missed + report.Pending + report.Open
			for _, d := range report.Differences {
				if d.Kind == DiffMissing || d.Kind == DiffUnpublished || d.Kind == DiffUnfinished {
					accounted++
				}
			}
			if accounted != report.Demanded {
				t.Errorf("%d of %d are accounted for", accounted, report.Demanded)
			}
		})
	}
}

// A record of missed occurrences is about one revision: what the next one ran
// between its ends is no overlap.
func TestLedgerMissedOfOneRevision(t *testing.T) {
	t.Parallel()
	d := demandOf(rev(1, sec(0), every("*/2 * * * * *")), rev(2, clock(10, 0, 10, 500), every("* * * * * *")))
	l := newLedger(d, sec(5), sec(15), sec(3600), func(occurrence) bool { return true })
	for _, r := range with(missed(6, 12, 4), final(0, 11), missed(13, 14, 2), final(0, 15)) {
		l.add(r)
	}
	report, err := l.close(context.Background())
	if got, want := told(report), "8: 2 run 6 missed"; err != nil || got != want {
		t.Errorf("audit is %q, %v, want %q", got, err, want)
	}
	if want := (map[string]int64{"late": 6}); !maps.Equal(report.Reasons, want) {
		t.Errorf("reasons are %v, want %v", report.Reasons, want)
	}
}

// A month of seconds without a record is counted, and no more held of it than
// can be shown; one with all records holds nothing.
func TestLedgerOfAMonth(t *testing.T) {
	t.Parallel()
	const n = 30 * 86400
	d := demandOf(rev(1, sec(0), every("@every 1s")))
	l := newLedger(d, sec(0), sec(n), sec(n+3600), func(occurrence) bool { return true })
	for i := range n / 2 {
		l.add(final(0, i+1))
		if len(l.open) > 1 {
			t.Fatalf("%d are held after %d records", len(l.open), i+1)
		}
	}
	report, err := l.close(context.Background())
	if err != nil || report.Demanded != n || report.Run != n/2 || report.Total != n/2 || len(report.Differences) != MaxDifferences {
		t.Errorf("audit is %d of %d, %d differences, %v", report.Run, report.Demanded, report.Total, err)
	}
	if first := report.Differences[0].Scheduled; !first.Equal(sec(n/2 + 1)) {
		t.Errorf("first difference is %s", first)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newLedger(d, sec(0), sec(n), sec(n), nil).close(ctx); err == nil {
		t.Error("it went on although its context had ended")
	}
}
