package ledger

import (
	"fmt"
	"maps"
	"slices"
	"time"

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

	// Harm are times in which something was killed or cut off. What was being
	// called then may be called again, with the same webhook-id; nothing else
	// may be called twice.
	Harm []Span

	// Missed allows occurrences that are recorded as missed instead of run:
	// where so much is harmed that some may be late by more than 30 s.
	Missed bool
}

// Span is a time, both ends included.
type Span struct{ From, To time.Time }

const (
	// callLimit is how long a call may last: the default timeout of a job.
	callLimit = 10 * time.Second
	// slack is for what was on its way at the end of a span.
	slack = time.Second

	// graceTime is how late an occurrence must be before it may be missed, and
	// clocks how far those of the machines may be apart.
	graceTime = 30 * time.Second
	clocks    = 250 * time.Millisecond
)

// excused: a call that arrived then may have been under way during the harm.
func (r *Rules) excused(arrived time.Time) bool {
	return slices.ContainsFunc(r.Harm, func(s Span) bool {
		return !arrived.Before(s.From.Add(-callLimit)) && !arrived.After(s.To.Add(slack))
	})
}

// Check returns what is wrong with the first n occurrences of every key, with
// those after them up to the last one that was seen, and with all that were due
// before a key was removed. None: the ledger balances.
func (l *Ledger) Check(n int, rules Rules) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	findings := slices.Clone(l.others)
	for _, key := range slices.Sorted(maps.Keys(l.keys)) {
		a := l.keys[key]
		last := max(n, a.last)
		for i := range a.seen {
			last = max(last, i)
		}
		for i := 1; i <= last; i++ {
			nominal := a.nominal(i)
			for _, problem := range a.check(i, nominal, &rules) {
				findings = append(findings, fmt.Sprintf("%s #%d (%s): %s", key, i, nominal.Format("15:04:05.000"), problem))
			}
		}
	}
	return findings
}

func (a *account) check(n int, nominal time.Time, rules *Rules) []string {
	e := a.seen[n]
	if e == nil {
		e = &entry{}
	}
	if a.last > 0 && n > a.last {
		return []string{fmt.Sprintf("is not due any more, but there are %d triggers, %d calls, %d final records", e.published, len(e.called), len(e.finals))}
	}
	if rules.Missed && len(e.missed) > 0 {
		return e.checkMissed(nominal)
	}
	return e.check(rules)
}

// checkMissed returns what is wrong with an occurrence that was not run.
func (e *entry) checkMissed(nominal time.Time) []string {
	var problems []string
	if len(e.missed) > 1 || e.published+len(e.called)+len(e.finals) > 0 {
		problems = append(problems, fmt.Sprintf("missed %d times, with %d triggers, %d calls, %d final records; want missed once and nothing else",
			len(e.missed), e.published, len(e.called), len(e.finals)))
	}
	if late := e.missed[0].Sub(nominal); late < graceTime-clocks {
		problems = append(problems, "missed although only "+late.String()+" late")
	}
	return problems
}

// check returns what is wrong with one that was.
func (e *entry) check(rules *Rules) []string {
	var problems []string
	if rules.Published && e.published != 1 || rules.PublishedOnce && e.published > 1 {
		problems = append(problems, fmt.Sprintf("%d triggers, want 1", e.published))
	}
	if len(e.called) == 0 || slices.ContainsFunc(e.earlier(), func(at time.Time) bool { return !rules.excused(at) }) {
		problems = append(problems, fmt.Sprintf("called %d times, want 1", len(e.called)))
	}
	if len(e.missed) > 0 {
		problems = append(problems, "recorded as missed")
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

// earlier are all calls but the last one.
func (e *entry) earlier() []time.Time {
	slices.SortFunc(e.called, time.Time.Compare)
	return e.called[:max(len(e.called)-1, 0)]
}
