package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	namespace = "ns"
	every     = time.Second
)

var stored = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func nominal(n int) time.Time { return stored.Add(time.Duration(n) * every) }

func id(key string, n int) string { return contract.OccurrenceID(namespace, key, 0, nominal(n)) }

func final(key string, n int, outcome string) contract.Result {
	return contract.Result{Kind: contract.KindFinal, ID: id(key, n), Key: key, Outcome: outcome}
}

// balanced is a ledger of keys a and b with three good occurrences each.
func balanced() *ledger.Ledger {
	l := ledger.New(namespace, every)
	for _, key := range []string{"a", "b"} {
		l.Stored(key, stored)
		for n := 1; n <= 3; n++ {
			whole(l, key, n)
		}
	}
	return l
}

func whole(l *ledger.Ledger, key string, n int) {
	l.Published(contract.Trigger{ID: id(key, n)})
	l.Called(id(key, n), nominal(n))
	l.Recorded(contract.Result{Kind: contract.KindAttempt, ID: id(key, n), Key: key}, nominal(n))
	l.Recorded(final(key, n, contract.OutcomeSuccess), nominal(n))
}

func TestCheck(t *testing.T) {
	t.Parallel()
	strict := ledger.Rules{Published: true}
	for _, c := range []struct {
		name   string
		change func(*ledger.Ledger)
		rules  ledger.Rules
		n      int
		want   []string // a part of each finding, in order
	}{
		{"balances", func(*ledger.Ledger) {}, strict, 3, nil},
		{"more than asked for", func(l *ledger.Ledger) { whole(l, "a", 4) }, strict, 3, nil},
		{"one is missing at the end", func(*ledger.Ledger) {}, strict, 4, []string{
			"a #4 (12:00:04.123): 0 triggers", "a #4 (12:00:04.123): called 0 times", "a #4 (12:00:04.123): 0 final records",
			"b #4 (12:00:04.123): 0 triggers", "b #4 (12:00:04.123): called 0 times", "b #4 (12:00:04.123): 0 final records",
		}},
		{"gap before one that was seen", func(l *ledger.Ledger) { whole(l, "b", 5) }, strict, 3, []string{
			"b #4 (12:00:04.123): 0 triggers", "b #4 (12:00:04.123): called 0 times", "b #4 (12:00:04.123): 0 final records",
		}},
		{"published twice", func(l *ledger.Ledger) { l.Published(contract.Trigger{ID: id("a", 2)}) }, strict, 3, []string{"a #2 (12:00:02.123): 2 triggers"}},
		{
			"published twice under an observer that may miss some",
			func(l *ledger.Ledger) { l.Published(contract.Trigger{ID: id("a", 2)}) },
			ledger.Rules{PublishedOnce: true},
			3,
			[]string{"a #2 (12:00:02.123): 2 triggers"},
		},
		{"called twice", calledAgain(1), strict, 3, []string{"b #1 (12:00:01.123): called 2 times"}},
		{"called again after harm", calledAgain(1), harmedAt(2 * time.Second), 3, nil},
		{"called again after harm that began long after", calledAgain(1), harmedAt(12 * time.Second), 3, []string{"b #1 (12:00:01.123): called 2 times"}},
		{"called again after harm that was over", calledAgain(3), harmedAt(time.Second), 3, []string{"b #3 (12:00:03.123): called 2 times"}},
		{"two final records", func(l *ledger.Ledger) {
			l.Recorded(final("a", 3, contract.OutcomeSuccess), nominal(3))
		}, strict, 3, []string{"a #3 (12:00:03.123): 2 final records"}},
		{"only recorded, not called", func(l *ledger.Ledger) {
			l.Recorded(final("a", 4, contract.OutcomeFailed), nominal(4))
		}, ledger.Rules{}, 3, []string{"called 0 times", "outcome failed"}},
		{"foreign callback", func(l *ledger.Ledger) { l.Called("abc", stored) }, strict, 3, []string{"callback with an ID that no occurrence has: abc"}},
		{"another namespace's occurrence", func(l *ledger.Ledger) {
			l.Called(contract.OccurrenceID("other", "a", 0, nominal(1)), stored)
		}, strict, 3, []string{"callback with an ID that no occurrence has"}},
		{"bad entry", func(l *ledger.Ledger) {
			l.Recorded(contract.Result{Kind: contract.KindBadEntry, Key: "a", Reason: "no spec"}, stored)
		}, strict, 3, []string{"record of kind bad_entry for a: no spec"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := balanced()
			c.change(l)
			got := l.Check(c.n, c.rules)
			if len(got) != len(c.want) {
				t.Fatalf("findings %q, want %q", got, c.want)
			}
			for i := range got {
				if !strings.Contains(got[i], c.want[i]) {
					t.Errorf("finding %q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

// calledAgain is one more call of an occurrence of key b, long after the others.
func calledAgain(n int) func(*ledger.Ledger) {
	return func(l *ledger.Ledger) { l.Called(id("b", n), stored.Add(40*time.Second)) }
}

// harmedAt: something was killed, so long after the schedules were stored.
func harmedAt(after time.Duration) ledger.Rules {
	return ledger.Rules{Published: true, Harm: []ledger.Span{{From: stored.Add(after), To: stored.Add(after)}}}
}

// Those of a cron spec are whole, and the first is the one after the schedule was
// stored; due, it is not before that takes effect.
func TestWholeTimes(t *testing.T) {
	t.Parallel()
	l := ledger.New(namespace, every)
	l.StoredAs("a", stored, ledger.Times{Every: 5 * time.Second, Whole: true})
	at := func(n int) time.Time { return stored.Truncate(5 * time.Second).Add(time.Duration(n) * 5 * time.Second) }
	for n := 1; n <= 2; n++ {
		id := contract.OccurrenceID(namespace, "a", 0, at(n))
		l.Published(contract.Trigger{ID: id})
		l.Called(id, at(n))
		l.Recorded(contract.Result{Kind: contract.KindFinal, ID: id, Key: "a", Outcome: contract.OutcomeSuccess}, at(n))
	}
	l.Removed("a", at(3).Add(-contract.EffectDelay))
	if got := l.Check(0, ledger.Rules{Published: true}); len(got) > 0 {
		t.Errorf("findings %q", got)
	}
	if got := l.Due("a", 1); !got.Equal(at(1)) {
		t.Errorf("the first is due %s, want %s", got, at(1))
	}
	l.Called(contract.OccurrenceID(namespace, "a", 0, stored.Add(5*time.Second)), stored)
	if got := l.Check(0, ledger.Rules{}); len(got) != 1 || !strings.Contains(got[0], "an ID that no occurrence has") {
		t.Errorf("findings %q after a call at a time that is not whole", got)
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	l := balanced()
	l.Recorded(final("a", 4, contract.OutcomeSuccess), nominal(4))
	if done, want := l.Complete(4); done != 7 || want != 8 {
		t.Errorf("Complete = %d of %d, want 7 of 8", done, want)
	}
	if got := l.Totals(); got != (ledger.Totals{Keys: 2, Occurrences: 7, Triggers: 6, Calls: 6, Finals: 7}) {
		t.Errorf("totals: %s", got)
	}
}
