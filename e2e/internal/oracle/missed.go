package oracle

import (
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	// grace is how late an occurrence must be before a policy applies to it.
	grace = 30 * time.Second
	// slack is allowed between the clocks of schedulers and servers.
	slack = 250 * time.Millisecond
	// together is how far apart the server's timestamps in one batch may be.
	together = 100 * time.Millisecond
	// pending is how long after its planning a batch may be stored.
	pending = 6 * time.Second
)

// miss enters a missed trigger: its range must be expected occurrences of one
// job that were late, and what was run beside it must be what the policy says.
func (b *book) miss(s *Stored) {
	t, m := &s.Trigger, s.Trigger.Missed
	b.verdict.MissedTriggers++
	on := b.lines[line{t.Key, t.Index, t.Revision}]
	count, last := int64(0), -1
	for i, e := range on {
		if e.Nominal.Before(m.From) || e.Nominal.After(m.To) {
			continue
		}
		count, last = count+1, i
		b.missOne(e, s)
	}
	if count != m.Count {
		b.find(Unjustified, t.Key, t.Due, "missed trigger %d counts %d from %s to %s, want %d",
			s.Seq, m.Count, stamp(m.From), stamp(m.To), count)
	}
	if last < 0 {
		return
	}
	atMost := batched(on[last+1:], s, -slack)
	atLeast := batched(on[last+1:], s, pending)
	want := runs(on[last].Misfire, strings.Contains(m.Reason, "changed, paused or removed"))
	if want < atLeast || want > atMost {
		b.find(Unjustified, t.Key, t.Due, "missed trigger %d (%s): %d to %d run beside it, want %d by policy %q",
			s.Seq, m.Reason, atLeast, atMost, want, on[last].Misfire.Policy)
	}
}

// batched counts the occurrences that were stored right behind the missed
// trigger s, late by more than grace and margin.
func batched(next []*entry, s *Stored, margin time.Duration) int {
	for n, e := range next {
		follows := e.stored != nil && e.stored.Seq == s.Seq+uint64(n)+1 && e.stored.At.Sub(s.At).Abs() < together
		if !follows || !late(e, s.At, margin) {
			return n
		}
	}
	return len(next)
}

func (b *book) missOne(e *entry, s *Stored) {
	switch {
	case e.stored != nil:
		b.find(Contested, e.Key, e.Due, "nominal %s: stored as %d and missed in %d", stamp(e.Nominal), e.stored.Seq, s.Seq)
	case e.missed != nil:
		b.find(Contested, e.Key, e.Due, "nominal %s: missed in %d and %d", stamp(e.Nominal), e.missed.Seq, s.Seq)
	case !late(e, s.At, -slack):
		b.find(Unjustified, e.Key, e.Due, "nominal %s: missed in %d, stored %s after it was due", stamp(e.Nominal), s.Seq, s.At.Sub(e.Due))
	}
	if e.missed == nil {
		e.missed = s
		b.verdict.Missed++
	}
}

func late(e *entry, at time.Time, margin time.Duration) bool { return at.Sub(e.Due) > grace+margin }

// runs is how many occurrences a policy runs of more than it can run.
func runs(m contract.Misfire, superseded bool) int {
	switch {
	case superseded, m.Policy == contract.MisfireSkip:
		return 0
	case m.Policy == contract.MisfireAll && m.Limit > 0:
		return m.Limit
	case m.Policy == contract.MisfireAll:
		return contract.DefaultMisfireLimit
	}
	return 1
}

// checkSkipped finds occurrences that were run although they were so late that
// the policy "skip" forbids it.
func (b *book) checkSkipped() {
	for _, e := range b.entries {
		if e.stored != nil && e.Misfire.Policy == contract.MisfireSkip && late(e, e.stored.At, pending) {
			b.find(Unjustified, e.Key, e.Due, "nominal %s: run %s late as %d, against policy \"skip\"",
				stamp(e.Nominal), e.stored.At.Sub(e.Due), e.stored.Seq)
		}
	}
}
