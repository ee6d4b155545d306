package account

import (
	"cmp"
	"slices"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// leftOpen says whether the target was to report the end after the attempt that a
// final record is about.
func (l *life) leftOpen(final *Record) bool {
	return slices.ContainsFunc(l.calls, func(c Call) bool {
		return c.Open && c.Attempt == final.Attempt && c.Status == final.Status
	})
}

// waits are the records of attempts after which the occurrence waits for its end.
func (l *life) waits() (open []Record) {
	for i := range l.attempts {
		if l.attempts[i].Reason == contract.ReasonOpen {
			open = append(open, l.attempts[i])
		}
	}
	return open
}

// completion judges the end of an occurrence that waited for it: that the target
// has reported it so in time, or else that its time had passed.
func (b *book) completion(l *life, final *Record) {
	waits := slices.DeleteFunc(l.waits(), func(r Record) bool { return r.Attempt != final.Attempt })
	if !l.leftOpen(final) || len(waits) == 0 {
		b.find(Unproven, l, "%s after attempt %d, which the target left open: %t; %d records say that it waits",
			final.Outcome, final.Attempt, l.leftOpen(final), len(waits))
		return
	}
	// Two workers may have made the attempt; either record counts then.
	slices.SortFunc(waits, func(x, y Record) int { return x.Finished.Compare(y.Finished) })
	first, last := &waits[0], &waits[len(waits)-1]
	limit, closed := cmp.Or(time.Duration(l.Job.Completion), contract.DefaultCompletion), final.Finished
	switch final.Outcome {
	case contract.OutcomeLost:
		if early := first.Finished.Add(limit).Sub(closed); early > tolerance {
			b.find(Unproven, l, "lost %s before its time had passed", early)
		}
		b.heard(l, first, limit)
	case contract.OutcomeSuccess, contract.OutcomeFailed:
		told := func(r Report) bool { return r.outcome() == final.Outcome && !r.Sent.After(closed.Add(tolerance)) }
		if !slices.ContainsFunc(l.reports, told) {
			b.find(Unproven, l, "%s at %s, which the target had not reported", final.Outcome, stamp(closed))
		}
		if late := closed.Sub(last.Finished.Add(limit)); late > tolerance {
			b.find(Unproven, l, "a report was taken %s after its time had passed", late)
		}
	default:
		b.find(Unproven, l, "%s, although the target had accepted it and was to report the end", final.Outcome)
	}
}

// heard wants no report to have been refused for good while the occurrence waited,
// unless something was harmed meanwhile: what waits is stored after its record.
func (b *book) heard(l *life, accepted *Record, limit time.Duration) {
	for _, r := range l.reports {
		waited := r.Sent.After(accepted.Stored) && r.Answered.Before(accepted.Finished.Add(limit-tolerance))
		if r.Refused && waited && !b.disturbed(accepted.Finished, r.Answered) {
			b.find(Unproven, l, "lost, but a report was refused at %s, while it waited", stamp(r.Answered))
		}
	}
}

// taken wants the one report that was taken to be how the occurrence ended.
func (b *book) taken(l *life, final *Record) {
	n := 0
	for _, r := range l.reports {
		if !r.Taken {
			continue
		}
		if n++; r.outcome() != final.Outcome {
			b.find(Unproven, l, "%s, but a report of %s was taken at %s", final.Outcome, r.outcome(), stamp(r.Answered))
		}
	}
	if n > 1 {
		b.find(Double, l, "%d reports were taken", n)
	}
}

// meanwhile judges the calls between a record that the occurrence waits for its
// end, and that end: as afterwards.
func (b *book) meanwhile(l *life, ended time.Time) {
	for _, r := range l.waits() {
		for _, c := range l.calls {
			again := c.Arrived.After(r.Stored.Add(known)) && c.Arrived.Before(ended)
			if again && !b.unaware(l, &c, r.Stored) {
				b.find(Recalled, l, "attempt %d was made %s after the log held that it waits", c.Attempt, c.Arrived.Sub(r.Stored))
			}
		}
	}
}

func (b *book) countReports(l *life) {
	v := &b.verdict
	if slices.ContainsFunc(l.calls, func(c Call) bool { return c.Open }) {
		v.Opened++
	}
	v.Reports += len(l.reports)
	for _, r := range l.reports {
		if r.Taken {
			v.Taken++
		}
		if r.Refused {
			v.Refused++
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
