package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Stored is a trigger as the stream held it.
type Stored struct {
	Seq     uint64
	At      time.Time // the server's timestamp
	Trigger contract.Trigger
}

// Kinds of a Finding.
const (
	Duplicate   = "duplicate"   // one occurrence under two sequences
	Hole        = "hole"        // neither stored nor missed
	Unexpected  = "unexpected"  // stored, but no schedule asks for it
	Wrong       = "wrong"       // stored with another due time or revision
	Contested   = "contested"   // stored and missed, or missed twice
	Unjustified = "unjustified" // missed although it was not late, or against the policy
)

// Finding is something that must not be.
type Finding struct {
	Kind string
	Key  string
	Due  time.Time
	Text string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s due %s: %s", f.Kind, f.Key, f.Due.Format(time.RFC3339Nano), f.Text)
}

// Verdict is the outcome of a trial.
type Verdict struct {
	Expected, Stored, Missed, MissedTriggers int

	Findings []Finding
	Lateness []time.Duration // of every stored occurrence: time of storing minus due, sorted
}

// Count returns how many findings are of a kind.
func (v *Verdict) Count(kind string) int {
	n := 0
	for _, f := range v.Findings {
		if f.Kind == kind {
			n++
		}
	}
	return n
}

// Judge compares what was stored with what was expected. The order of expected
// must be that of Expect for each key; stored may come in any order.
func Judge(expected []Occurrence, stored []Stored) *Verdict {
	b := book{entries: make(map[string]*entry, len(expected)), lines: map[line][]*entry{}}
	b.verdict.Expected = len(expected)
	for i := range expected {
		b.open(&expected[i])
	}
	stored = slices.SortedFunc(slices.Values(stored), func(a, b Stored) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	})
	for i := range stored {
		if stored[i].Trigger.Missed == nil {
			b.enter(&stored[i])
		}
	}
	for i := range stored {
		if stored[i].Trigger.Missed != nil {
			b.miss(&stored[i])
		}
	}
	b.checkSkipped()
	b.close()
	slices.Sort(b.verdict.Lateness)
	return &b.verdict
}

// line is one job of one revision: what a missed trigger is about.
type line struct {
	key      string
	index    int
	revision uint64
}

// entry is one expected occurrence and what became of it.
type entry struct {
	*Occurrence
	stored *Stored
	missed *Stored
}

type book struct {
	entries map[string]*entry
	lines   map[line][]*entry
	verdict Verdict
}

func (b *book) open(o *Occurrence) {
	e := &entry{Occurrence: o}
	b.entries[o.ID] = e
	l := line{o.Key, o.Index, o.Revision}
	b.lines[l] = append(b.lines[l], e)
}

func (b *book) find(kind, key string, due time.Time, format string, args ...any) {
	b.verdict.Findings = append(b.verdict.Findings, Finding{kind, key, due, fmt.Sprintf(format, args...)})
}

func (b *book) enter(s *Stored) {
	t := &s.Trigger
	e := b.entries[t.ID]
	switch {
	case e == nil:
		b.find(Unexpected, t.Key, t.Due, "index %d, nominal %s, revision %d, sequence %d, stored %s",
			t.Index, stamp(t.Scheduled), t.Revision, s.Seq, stamp(s.At))
		return
	case e.stored != nil:
		b.find(Duplicate, t.Key, t.Due, "index %d, nominal %s, revision %d: sequences %d and %d, stored %s and %s",
			t.Index, stamp(t.Scheduled), t.Revision, e.stored.Seq, s.Seq, stamp(e.stored.At), stamp(s.At))
		return
	case !t.Due.Equal(e.Due), t.Revision != e.Revision, t.Key != e.Key, t.Index != e.Index, !t.Scheduled.Equal(e.Nominal):
		b.find(Wrong, t.Key, t.Due, "want due %s of revision %d; got revision %d, sequence %d",
			stamp(e.Due), e.Revision, t.Revision, s.Seq)
	}
	e.stored = s
	b.verdict.Stored++
	b.verdict.Lateness = append(b.verdict.Lateness, s.At.Sub(t.Due))
}

func (b *book) close() {
	for _, e := range b.entries {
		if e.stored == nil && e.missed == nil {
			b.find(Hole, e.Key, e.Due, "index %d, nominal %s, revision %d", e.Index, stamp(e.Nominal), e.Revision)
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format("15:04:05.000000000") }
