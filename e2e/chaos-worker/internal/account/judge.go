package account

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// life is all that is known of one occurrence.
type life struct {
	Demand

	triggers int
	calls    []Call // by arrival
	reports  []Report
	attempts []Record
	finals   []Record
	letters  []contract.Dead
	missed   bool
}

type book struct {
	Evidence

	lives   map[string]*life
	verdict Verdict
}

// Judge lets the rules decide.
func Judge(e Evidence) *Verdict {
	b := &book{Evidence: e, lives: make(map[string]*life, len(e.Demands))}
	b.verdict = Verdict{Demanded: len(e.Demands), Calls: len(e.Calls), Outcomes: map[string]int{}}
	for _, d := range e.Demands {
		b.lives[d.ID] = &life{Demand: d}
	}
	b.enter()
	ordered := slices.SortedFunc(maps.Values(b.lives), byDue)
	for _, l := range ordered {
		b.ending(l)
		b.count(l)
	}
	b.overlaps(ordered)
	return &b.verdict
}

func byDue(a, b *life) int {
	return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Index, b.Index), a.Nominal.Compare(b.Nominal))
}

func (b *book) find(kind string, l *life, format string, args ...any) {
	b.verdict.Findings = append(b.verdict.Findings, Finding{Kind: kind, ID: l.ID, Key: l.Key, Due: l.Due, Text: fmt.Sprintf(format, args...)})
}

// findTwo is find where another occurrence has a part in it.
func (b *book) findTwo(kind string, l, other *life, format string, args ...any) {
	b.find(kind, l, format, args...)
	b.verdict.Findings[len(b.verdict.Findings)-1].Other = other.ID
}

// enter puts the evidence where it belongs.
func (b *book) enter() {
	for _, id := range b.Triggers {
		b.of("trigger", id, func(l *life) { l.triggers++ })
	}
	slices.SortFunc(b.Calls, func(x, y Call) int { return x.Arrived.Compare(y.Arrived) })
	for _, c := range b.Calls {
		b.of("callback", c.ID, func(l *life) { l.calls = append(l.calls, c) })
	}
	for _, r := range b.Reports {
		b.of("report", r.ID, func(l *life) { l.reports = append(l.reports, r) })
	}
	for _, d := range b.Dead {
		b.of("dead letter", d.ID, func(l *life) { l.letters = append(l.letters, d) })
	}
	for i := range b.Records {
		b.record(&b.Records[i])
	}
}

// of calls enter with the life of an occurrence.
func (b *book) of(what, id string, enter func(*life)) {
	if l := b.lives[id]; l != nil {
		enter(l)
		return
	}
	b.find(Foreign, &life{Demand: Demand{ID: id}}, "%s of an occurrence that nobody demanded", what)
}

func (b *book) record(r *Record) {
	switch r.Kind {
	case contract.KindAttempt:
		b.of("attempt", r.ID, func(l *life) { l.attempts = append(l.attempts, *r) })
	case contract.KindFinal:
		b.of("final record", r.ID, func(l *life) { l.finals = append(l.finals, *r) })
	case contract.KindMissed:
		for _, l := range b.lives {
			if l.Key == r.Key && l.Index == r.Index && !l.Nominal.Before(r.From) && !l.Nominal.After(r.To) {
				l.missed = true
			}
		}
	default:
		b.find(Foreign, &life{Demand: Demand{ID: r.ID, Key: r.Key, Due: r.Due}}, "record of kind %s: %s", r.Kind, r.Reason)
	}
}

// count adds what is not judged.
func (b *book) count(l *life) {
	v := &b.verdict
	if l.triggers > 0 {
		v.Seen++
	}
	b.countReports(l)
	if len(l.calls) == 0 {
		return
	}
	v.Called++
	v.First = append(v.First, l.calls[0].Arrived.Sub(l.Due))
	var accepted *Call
	for i := range l.calls {
		c := &l.calls[i]
		switch {
		case i == 0:
		case accepted == nil:
			v.Retries++
		default:
			v.Repeats++
			if !b.harmed(accepted.Worker, accepted.Arrived, c.Arrived) {
				v.Needless++
			}
		}
		if accepted == nil && c.accepted() {
			accepted = c
		}
		b.succession(l, i)
	}
	if accepted == nil {
		return
	}
	v.Accepted++
	if !accepted.Open && len(l.finals) > 0 && l.finals[0].Outcome != contract.OutcomeSuccess {
		v.Ignored++
	}
}

// succession measures how long it took until the call after i was made, where
// the worker of i ended in the middle.
func (b *book) succession(l *life, i int) {
	if i+1 == len(l.calls) {
		return
	}
	this, next := &l.calls[i], l.calls[i+1].Arrived
	for _, h := range b.Harms {
		if h.Worker == this.Worker && h.From.Equal(h.To) && !h.From.Before(this.Arrived) && !h.From.After(this.Left) {
			b.verdict.Abandoned = append(b.verdict.Abandoned, next.Sub(h.From))
		}
	}
	for _, a := range l.attempts {
		if a.Attempt == this.Attempt && a.ErrorClass == contract.ErrorStopped {
			b.verdict.HandedOn = append(b.verdict.HandedOn, next.Sub(a.Finished))
		}
	}
}

// harmed says whether a worker was harmed between two times.
func (b *book) harmed(worker string, from, to time.Time) bool {
	return slices.ContainsFunc(b.Harms, func(h Harm) bool {
		return h.Worker == worker && !h.From.After(to) && !h.To.Before(from)
	})
}

// disturbed says whether any worker was.
func (b *book) disturbed(from, to time.Time) bool {
	return slices.ContainsFunc(b.Harms, func(h Harm) bool { return !h.From.After(to) && !h.To.Before(from) })
}
