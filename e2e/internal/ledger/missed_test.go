package ledger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/shared/contract"
)

// missed is a record about the occurrences from one to another of key a, stored
// so long after the last one.
func missed(from, to int, count int64, late time.Duration) func(*ledger.Ledger) {
	return func(l *ledger.Ledger) {
		l.Recorded(contract.Result{
			Kind: contract.KindMissed, Key: "a", From: nominal(from), To: nominal(to), Count: count, Reason: "late",
		}, nominal(to).Add(late))
	}
}

func TestMissed(t *testing.T) {
	t.Parallel()
	allowed := ledger.Rules{Published: true, Missed: true}
	for _, c := range []struct {
		name   string
		change func(*ledger.Ledger)
		rules  ledger.Rules
		want   string // a part of each finding; empty: none
	}{
		{"late enough", missed(4, 6, 3, time.Minute), allowed, ""},
		{"not allowed", missed(4, 6, 3, time.Minute), ledger.Rules{}, "called 0 times|missed|0 final records|called 0 times|missed|0 final records|called 0 times|missed|0 final records"},
		{"not late enough", missed(4, 4, 1, 20*time.Second), allowed, "missed although only 20s late"},
		{"missed and run", missed(3, 4, 2, time.Minute), allowed, "#3 (12:00:03.123): missed 1 times, with 1 triggers, 1 calls, 1 final records"},
		{"counted wrong", missed(4, 6, 2, time.Minute), allowed, "counts 2, want 3"},
		{"of another key", func(l *ledger.Ledger) {
			l.Recorded(contract.Result{Kind: contract.KindMissed, Key: "c", From: nominal(1), To: nominal(1), Count: 1}, nominal(60))
		}, allowed, "for c counts 1, want 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := balanced()
			c.change(l)
			got, want := l.Check(3, c.rules), strings.FieldsFunc(c.want, func(r rune) bool { return r == '|' })
			if !slices.EqualFunc(got, want, strings.Contains) {
				t.Errorf("findings %q, want %q", got, want)
			}
		})
	}
}

// A removal takes effect later: what is due before it has to be there, what is
// due at that instant or after it must not.
func TestRemoved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		at     time.Time // of the removal
		expect int       // occurrences of each key
		want   []string
	}{
		{"three are due", nominal(4).Add(-contract.EffectDelay), 3, nil},
		{"four are due", nominal(4).Add(1 - contract.EffectDelay), 4, []string{
			"a #4 (12:00:04.123): 0 triggers", "a #4 (12:00:04.123): called 0 times", "a #4 (12:00:04.123): 0 final records",
			"b #4 (12:00:04.123): 0 triggers", "b #4 (12:00:04.123): called 0 times", "b #4 (12:00:04.123): 0 final records",
		}},
		{"two are due", nominal(3).Add(-contract.EffectDelay), 2, []string{
			"a #3 (12:00:03.123): is not due any more", "b #3 (12:00:03.123): is not due any more",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := balanced()
			for _, key := range []string{"a", "b"} {
				l.Removed(key, c.at)
			}
			if done, want := l.Closed(); done != 2*min(c.expect, 3) || want != 2*c.expect {
				t.Errorf("Closed = %d of %d, want %d of %d", done, want, 2*min(c.expect, 3), 2*c.expect)
			}
			if got := l.Check(0, ledger.Rules{Published: true}); !slices.EqualFunc(got, c.want, strings.Contains) {
				t.Errorf("findings %q, want %q", got, c.want)
			}
		})
	}
}
