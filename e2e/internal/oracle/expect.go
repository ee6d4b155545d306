package oracle

import (
	"fmt"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// Revision is one stored version of a schedule.
type Revision struct {
	Number uint64
	Stored time.Time      // the server's timestamp
	Anchor time.Time      // "@every" counts from here
	Jobs   []contract.Job // none: paused or removed
}

func (r *Revision) effect() time.Time { return r.Stored.Add(contract.EffectDelay) }

// Occurrence is one that has to be stored or accounted for.
type Occurrence struct {
	ID       string
	Key      string
	Index    int
	Nominal  time.Time
	Due      time.Time
	Revision uint64
	Misfire  contract.Misfire
}

// Expect returns the occurrences of a key that are due before end, by revision,
// job and nominal time. Revisions are those of the key, oldest first.
func Expect(namespace, key string, revisions []Revision, end time.Time) ([]Occurrence, error) {
	e := expectation{namespace: namespace, key: key, ran: map[nominalOf]bool{}}
	for i := range revisions {
		until := end
		if i+1 < len(revisions) && revisions[i+1].effect().Before(end) {
			until = revisions[i+1].effect()
		}
		if err := e.revision(&revisions[i], until); err != nil {
			return nil, fmt.Errorf("revision %d of %s: %w", revisions[i].Number, key, err)
		}
	}
	return e.all, nil
}

// nominalOf is a nominal time, in nanoseconds since 1970, of the job at index.
type nominalOf struct {
	index   int
	nominal int64
}

type expectation struct {
	namespace, key string

	all     []Occurrence
	ran     map[nominalOf]bool // by any revision so far
	delayed []nominalOf        // by jitter, beyond the end of the revision before
}

// revision adds what r asks for while it holds, which is until the instant
// given.
func (e *expectation) revision(r *Revision, until time.Time) error {
	inherited := e.delayed
	e.delayed = nil
	for index := range r.Jobs {
		j, err := newJob(&r.Jobs[index], r.Anchor)
		if err != nil {
			return err
		}
		var nominal []time.Time
		for _, d := range inherited {
			if t := time.Unix(0, d.nominal).UTC(); d.index == index && !t.After(r.Stored) && j.has(t) {
				nominal = append(nominal, t)
			}
		}
		for _, t := range append(nominal, j.between(r.Stored, until)...) {
			if err := e.add(r, index, t, until); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *expectation) add(r *Revision, index int, nominal, until time.Time) error {
	id := nominalOf{index, nominal.UnixNano()}
	if e.ran[id] {
		return nil
	}
	job := &r.Jobs[index]
	table, err := spec.ForJob(job)
	if err != nil {
		return err
	}
	due := table.Due(e.namespace, e.key, index, nominal, r.Anchor)
	if due.Before(r.effect()) {
		due = r.effect()
	}
	if !due.Before(until) {
		e.delayed = append(e.delayed, id)
		return nil
	}
	e.ran[id] = true
	e.all = append(e.all, Occurrence{
		ID:  contract.OccurrenceID(e.namespace, e.key, index, nominal),
		Key: e.key, Index: index, Nominal: nominal, Due: due, Revision: r.Number, Misfire: job.Misfire,
	})
	return nil
}
