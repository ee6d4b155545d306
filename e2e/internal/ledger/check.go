package ledger

import (
	"fmt"
	"maps"
	"slices"

	"github.com/weplanx/workflow/shared/contract"
)

// Rules say what is asked of every occurrence beside one final record of
// success.
type Rules struct {
	// Published asks for exactly one stored trigger; otherwise triggers are
	// not counted.
	Published bool

	// PublishedOnce allows no trigger twice, but does not ask for every one:
	// for observers that may miss some.
	PublishedOnce bool

	// CalledAgain allows an occurrence to be called more than once: when
	// something was killed in the middle of a call, the next one makes it
	// again, with the same webhook-id.
	CalledAgain bool
}

// Check returns what is wrong with the first n occurrences of every key, and
// with those after them up to the last one that was seen. None: the ledger
// balances.
func (l *Ledger) Check(n int, rules Rules) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	findings := slices.Clone(l.others)
	for _, key := range slices.Sorted(maps.Keys(l.keys)) {
		a := l.keys[key]
		last := n
		for i := range a.seen {
			last = max(last, i)
		}
		for i := 1; i <= last; i++ {
			e := a.seen[i]
			if e == nil {
				e = &entry{}
			}
			for _, problem := range e.check(rules) {
				findings = append(findings, fmt.Sprintf("%s #%d (%s): %s",
					key, i, l.nominal(a.stored, i).Format("15:04:05.000"), problem))
			}
		}
	}
	return findings
}

// check returns what is wrong with one occurrence.
func (e *entry) check(rules Rules) []string {
	var problems []string
	if rules.Published && e.published != 1 || rules.PublishedOnce && e.published > 1 {
		problems = append(problems, fmt.Sprintf("%d triggers, want 1", e.published))
	}
	if e.called == 0 || e.called > 1 && !rules.CalledAgain {
		problems = append(problems, fmt.Sprintf("called %d times, want 1", e.called))
	}
	if len(e.finals) != 1 {
		problems = append(problems, fmt.Sprintf("%d final records, want 1", len(e.finals)))
	}
	for _, r := range e.finals {
		if r.Outcome != contract.OutcomeSuccess {
			problems = append(problems, "outcome "+r.Outcome+" ("+r.ErrorClass+" "+r.Error+")")
		}
	}
	return problems
}

// Totals counts what was seen of all keys.
type Totals struct {
	Keys, Occurrences, Triggers, Calls, Finals int
}

// Totals returns the sums of the books.
func (l *Ledger) Totals() Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Totals{Keys: len(l.keys)}
	for _, a := range l.keys {
		t.Occurrences += len(a.seen)
		for _, e := range a.seen {
			t.Triggers += e.published
			t.Calls += e.called
			t.Finals += len(e.finals)
		}
	}
	return t
}

// String is one line for a test's output.
func (t Totals) String() string {
	return fmt.Sprintf("%d keys, %d occurrences, %d triggers seen, %d calls, %d final records",
		t.Keys, t.Occurrences, t.Triggers, t.Calls, t.Finals)
}
