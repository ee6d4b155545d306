package oracle_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/oracle"
	"github.com/weplanx/workflow/shared/contract"
)

var zero = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return zero.Add(time.Duration(seconds * float64(time.Second))) }

func revision(number uint64, stored float64, jobs ...contract.Job) oracle.Revision {
	return oracle.Revision{Number: number, Stored: at(stored), Anchor: at(stored), Jobs: jobs}
}

func job(spec, zone string) contract.Job {
	return contract.Job{Mode: contract.ModeHTTP, Spec: spec, Timezone: zone}
}

func anchored(r oracle.Revision, anchor float64) oracle.Revision {
	r.Anchor = at(anchor)
	return r
}

// What is expected, written by hand: nominal time and due time in seconds after
// 12:00:00, and the revision.
func TestExpect(t *testing.T) {
	t.Parallel()
	type want struct {
		nominal, due float64
		revision     uint64
	}
	cases := map[string]struct {
		revisions []oracle.Revision
		end       float64
		want      []want
	}{
		"every second, moved out of the effect delay": {
			[]oracle.Revision{revision(1, 0.25, job("@every 1s", ""))},
			5,
			[]want{{1.25, 2.75, 1}, {2.25, 2.75, 1}, {3.25, 3.25, 1}, {4.25, 4.25, 1}},
		},
		"cron with a step": {
			[]oracle.Revision{revision(1, 0.5, job("*/2 * * * * *", ""))},
			7,
			[]want{{2, 3, 1}, {4, 4, 1}, {6, 6, 1}},
		},
		"every third minute of a zone 45 minutes off": {
			[]oracle.Revision{revision(1, 0.5, job("0 1-59/3 * * * *", "Asia/Kathmandu"))},
			300,
			[]want{{60, 60, 1}, {240, 240, 1}}, // 17:46 and 17:49
		},
		"a change does not repeat what ran before it took effect": {
			[]oracle.Revision{revision(1, 0, job("* * * * * *", "")), revision(2, 3.5, job("*/2 * * * * *", ""))},
			9,
			[]want{{1, 2.5, 1}, {2, 2.5, 1}, {3, 3, 1}, {4, 4, 1}, {5, 5, 1}, {6, 6, 2}, {8, 8, 2}},
		},
		"pause and resume keep the anchor": {
			[]oracle.Revision{
				revision(1, 0, job("@every 2s", "")), anchored(revision(2, 3), 0),
				anchored(revision(3, 6.25, job("@every 2s", "")), 0),
			},
			13,
			[]want{{2, 2.5, 1}, {4, 4, 1}, {8, 8.75, 3}, {10, 10, 3}, {12, 12, 3}},
		},
		"superseded before it took effect": {
			[]oracle.Revision{revision(1, 0, job("@every 1s", "")), revision(2, 0.5)},
			9,
			[]want{{1, 2.5, 1}, {2, 2.5, 1}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := oracle.Expect("ns", "key", c.revisions, at(c.end))
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %d occurrences, want %d: %+v", len(got), len(c.want), got)
			}
			for i, w := range c.want {
				if g := got[i]; !g.Nominal.Equal(at(w.nominal)) || !g.Due.Equal(at(w.due)) || g.Revision != w.revision {
					t.Errorf("#%d: nominal %s due %s revision %d, want %v", i, g.Nominal, g.Due, g.Revision, w)
				}
			}
		})
	}
}

// A nominal time that jitter has delayed beyond a change passes to the new
// revision, once.
func TestDelayedOccurrencePassesToTheNextRevision(t *testing.T) {
	t.Parallel()
	slow := job("*/20 * * * * *", "")
	slow.Jitter = contract.Duration(15 * time.Second)
	var revisions []oracle.Revision
	for n := range 8 { // the same job is stored anew every 3 s
		revisions = append(revisions, revision(uint64(n+1), float64(n)*3-30, slow))
	}
	got, err := oracle.Expect("ns", "key", revisions, at(19))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[time.Time]int{}
	for _, o := range got {
		seen[o.Nominal]++
	}
	if len(got) != 2 || seen[at(-20)] != 1 || seen[at(0)] != 1 {
		t.Errorf("got %+v, want the nominal times 11:59:40 and 12:00:00 once each", got)
	}
}
