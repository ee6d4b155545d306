package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// Bounds of an audit.
const (
	auditGrace = time.Minute    // how long an occurrence may be without a record
	openGrace  = 24 * time.Hour // how long after its due time it may be without its end
	maxOpen    = 1 << 20        // occurrences that wait for their record at once
)

// ledger compares what is demanded with the records of the log, read in the
// order in which they were stored. Only occurrences that are due and have no
// end yet are held, so the length of the audit does not matter. It is pure.
type ledger struct {
	demand *demand
	feeds  []feed
	cursor func(o occurrence) bool // whether schedulers have passed it
	now    time.Time
	at     time.Time // everything due up to here was taken from the feeds

	open    map[slot]*wait
	missed  []missedRange
	report  Audit
	maxOpen int
}

// slot names an occurrence of one schedule: its job and nanoseconds since the
// epoch.
type slot struct {
	index   int
	nominal int64
}

func (o occurrence) slot() slot { return slot{o.index, o.nominal.UnixNano()} }

// wait is an occurrence without its end.
type wait struct {
	occurrence
	attempted bool
}

// missedRange are the occurrences of one revision's job that a record accounts
// for.
type missedRange struct {
	revision *demanding
	index    int
	from, to time.Time
}

func (m *missedRange) has(o occurrence) bool {
	return m.revision == o.revision && m.index == o.index && !o.nominal.Before(m.from) && !o.nominal.After(m.to)
}

// newLedger audits what is due after since and not after until.
func newLedger(d *demand, since, until, now time.Time, cursor func(occurrence) bool) *ledger {
	l := &ledger{
		demand: d, cursor: cursor, now: now, at: since, open: map[slot]*wait{}, maxOpen: maxOpen,
		report: Audit{
			Key: d.key, Since: since, Until: until,
			Outcomes: map[string]int64{}, Reasons: map[string]int64{}, Differences: []Difference{},
		},
	}
	for index := range d.jobs() {
		l.feeds = append(l.feeds, feed{demand: d, index: index, since: since})
	}
	return l
}

// advance takes what is due up to t from the feeds.
func (l *ledger) advance(t time.Time) {
	t = earlier(t, l.report.Until)
	if !t.After(l.at) {
		return
	}
	for i := range l.feeds {
		for o, ok := l.feeds[i].next(t); ok; o, ok = l.feeds[i].next(t) {
			if len(l.open) >= l.maxOpen {
				t = o.due.Add(-1)
				l.cut(t)
				break
			}
			l.open[o.slot()] = &wait{occurrence: o}
			l.report.Demanded++
		}
	}
	l.at = t
}

// cut ends the audit early: too much waits for its record.
func (l *ledger) cut(until time.Time) {
	for at, o := range l.open {
		if o.due.After(until) {
			delete(l.open, at)
			l.report.Demanded--
		}
	}
	l.report.Until = until
	l.report.limit("more than %d occurrences wait for a record at once: the audit ends there", l.maxOpen)
}

// add takes a record. Records must be added in the order in which they were
// stored.
func (l *ledger) add(r common.Result) {
	if r.Scheduled.IsZero() && r.From.IsZero() || r.ByHand() {
		return // an event, a bad entry, or what nobody planned
	}
	l.advance(dueOf(r))
	switch r.Kind {
	case contract.KindAttempt:
		if o, ok := l.waiting(r.Index, r.Scheduled); ok {
			o.attempted = true
		}
	case contract.KindFinal:
		l.final(r)
	case contract.KindMissed:
		l.skipped(r)
	}
}

// waiting returns an occurrence without its end.
func (l *ledger) waiting(index int, nominal time.Time) (*wait, bool) {
	at := slot{index, nominal.UnixNano()}
	if w, ok := l.open[at]; ok {
		return w, true
	}
	if o, ok := l.demand.find(index, nominal); ok {
		l.advance(o.due) // the record did not tell it right
	}
	w, ok := l.open[at]
	return w, ok
}

func (l *ledger) final(r common.Result) {
	if w, ok := l.waiting(r.Index, r.Scheduled); ok {
		delete(l.open, w.slot())
		l.report.Run++
		l.report.Outcomes[r.Outcome]++
		return
	}
	o, ok := l.demand.find(r.Index, r.Scheduled)
	switch {
	case !ok && l.inRange(dueOf(r)):
		l.differ(Difference{
			Kind: DiffUnexpected, Index: r.Index, Scheduled: r.Scheduled, Due: r.Due,
			Detail: "it ran, but no revision demands it",
		})
	case !ok || !l.inRange(o.due):
	case slices.ContainsFunc(l.missed, func(m missedRange) bool { return m.has(o) }):
		l.differ(o.difference(DiffOverlap, "it ran, but is also recorded as missed"))
	default:
		l.differ(o.difference(DiffDuplicate, "it has another final record, "+cmp.Or(r.Outcome, "without an outcome")))
	}
}

// skipped takes a record of occurrences that were not run. They are those of
// the revision that its last one belongs to.
func (l *ledger) skipped(r common.Result) {
	last, ok := l.demand.find(r.Index, r.To)
	if !ok {
		if l.inRange(dueOf(r)) {
			l.differ(Difference{
				Kind: DiffUnexpected, Index: r.Index, Scheduled: r.To, Due: r.Due,
				Detail: "it is recorded as missed, but no revision demands it",
			})
		}
		return
	}
	l.advance(last.due)
	m := missedRange{last.revision, r.Index, r.From, r.To}
	var n int64
	for at, w := range l.open {
		if m.has(w.occurrence) {
			delete(l.open, at)
			n++
		}
	}
	l.missed = append(l.missed, m)
	l.report.Missed += n
	if n > 0 {
		l.report.Reasons[r.Reason] += n
	}
	switch whole := r.From.After(l.report.Since) && l.inRange(last.due); {
	case !whole: // how many of them are audited is not known
	case n < r.Count:
		l.differ(last.difference(DiffOverlap, fmt.Sprintf("it ends a record of %d missed, of which %d have another record or are not demanded", r.Count, r.Count-n)))
	case n > r.Count:
		l.differ(last.difference(DiffCount, fmt.Sprintf("it ends a record of %d missed, between whose ends are %d", r.Count, n)))
	}
}

func (l *ledger) inRange(due time.Time) bool {
	return due.After(l.report.Since) && !due.After(l.report.Until)
}

// dueOf is when a record says that its occurrence was due.
func dueOf(r common.Result) time.Time {
	if r.Due.IsZero() {
		return r.Scheduled
	}
	return r.Due
}

// close judges what has no end. It stops early when ctx ends.
func (l *ledger) close(ctx context.Context) (Audit, error) {
	for _, w := range l.open {
		l.judge(w)
	}
	clear(l.open)
	for i := range l.feeds {
		for n := 0; ; n++ {
			o, ok := l.feeds[i].next(l.report.Until)
			if !ok {
				break
			}
			if n%1024 == 0 && ctx.Err() != nil {
				return l.report, context.Cause(ctx)
			}
			l.report.Demanded++
			l.judge(&wait{occurrence: o})
		}
	}
	slices.SortStableFunc(l.report.Differences, func(a, b Difference) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Index, b.Index), a.Scheduled.Compare(b.Scheduled))
	})
	if n := MaxDifferences; len(l.report.Differences) > n {
		l.report.Differences = l.report.Differences[:n]
	}
	return l.report, nil
}

// judge says what the lack of a final record means.
func (l *ledger) judge(w *wait) {
	age := l.now.Sub(w.due)
	switch {
	case w.attempted && age <= openGrace:
		l.report.Open++
	case w.attempted:
		l.differ(w.difference(DiffUnfinished, "it was attempted, but has no final record"))
	case age <= auditGrace:
		l.report.Pending++
	case !l.cursor(w.occurrence):
		l.differ(w.difference(DiffUnpublished, "no scheduler has published it yet"))
	default:
		l.differ(w.difference(DiffMissing, "it was published, but has no record: it still waits for a worker, or is lost"))
	}
}

// differ counts a difference. Of those that are kept, the earliest stay.
func (l *ledger) differ(d Difference) {
	l.report.Total++
	if len(l.report.Differences) >= 2*MaxDifferences {
		slices.SortStableFunc(l.report.Differences, func(a, b Difference) int { return a.Due.Compare(b.Due) })
		l.report.Differences = l.report.Differences[:MaxDifferences]
	}
	l.report.Differences = append(l.report.Differences, d)
}

func (o occurrence) difference(kind, detail string) Difference {
	return Difference{
		Kind: kind, Index: o.index, Scheduled: o.nominal, Due: o.due, Revision: o.revision.number, Detail: detail,
	}
}
