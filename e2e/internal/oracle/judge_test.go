package oracle_test

import (
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/oracle"
	"github.com/weplanx/workflow/shared/contract"
)

// trial is a job "@every 1s" from second 3 to 59, and what was stored of it.
type trial struct {
	expected []oracle.Occurrence
	stored   []oracle.Stored
}

func setup(t *testing.T, misfire contract.Misfire) *trial {
	t.Helper()
	j := job("@every 1s", "")
	j.Misfire = misfire
	expected, err := oracle.Expect("ns", "key", []oracle.Revision{revision(7, 0, j)}, at(60))
	if err != nil {
		t.Fatal(err)
	}
	return &trial{expected: expected}
}

// catchUp as lateness stores an occurrence at second 50.5, together with the
// missed trigger.
const catchUp = -1

// run stores the occurrences with indexes from to to, late by so much.
func (tr *trial) run(from, to int, late time.Duration) *trial {
	for _, o := range tr.expected[from:to] {
		when := o.Due.Add(late)
		if late == catchUp {
			when = at(50.5)
		}
		tr.add(when, contract.Trigger{
			ID: o.ID, Key: o.Key, Index: o.Index, Scheduled: o.Nominal, Due: o.Due, Revision: o.Revision,
		})
	}
	return tr
}

func (tr *trial) miss(from, to int, when time.Time) *trial {
	first, last := tr.expected[from], tr.expected[to-1]
	return tr.add(when, contract.Trigger{
		ID: last.ID, Key: last.Key, Index: last.Index, Scheduled: last.Nominal, Due: last.Due, Revision: last.Revision,
		Mode: contract.ModeMissed, Missed: &contract.Missed{From: first.Nominal, To: last.Nominal, Count: int64(to - from), Reason: "late"},
	})
}

func (tr *trial) add(when time.Time, t contract.Trigger) *trial {
	tr.stored = append(tr.stored, oracle.Stored{Seq: uint64(len(tr.stored) + 1), At: when, Trigger: t})
	return tr
}

func (tr *trial) expect(t *testing.T, kinds ...string) {
	t.Helper()
	var got []string
	v := oracle.Judge(tr.expected, tr.stored)
	for _, f := range v.Findings {
		got = append(got, f.Kind)
	}
	slices.Sort(got)
	if !slices.Equal(got, kinds) {
		t.Errorf("findings %q, want %q: %v", got, kinds, v.Findings)
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const n = 59
	once := contract.Misfire{}
	skip := contract.Misfire{Policy: contract.MisfireSkip}
	some := contract.Misfire{Policy: contract.MisfireAll, Limit: 3}
	cases := map[string]struct {
		misfire contract.Misfire
		act     func(*trial)
		want    []string
	}{
		"all in time":          {once, func(tr *trial) { tr.run(0, n, 0) }, nil},
		"a hole":               {once, func(tr *trial) { tr.run(0, 5, 0).run(6, n, 0) }, []string{oracle.Hole}},
		"one twice":            {once, func(tr *trial) { tr.run(0, n, 0).run(4, 5, time.Second) }, []string{oracle.Duplicate}},
		"one too many":         {once, func(tr *trial) { tr.run(0, n, 0).add(at(9), contract.Trigger{ID: "x", Key: "key"}) }, []string{oracle.Unexpected}},
		"latest run":           {once, func(tr *trial) { tr.run(0, 5, 0).miss(5, 19, at(50.5)).run(19, 20, catchUp).run(20, n, 0) }, nil},
		"latest not run":       {once, func(tr *trial) { tr.run(0, 5, 0).miss(5, 20, at(50.5)).run(20, n, 0) }, []string{oracle.Unjustified}},
		"missed and run":       {once, func(tr *trial) { tr.run(0, 5, 0).miss(4, 19, at(50.5)).run(19, 20, catchUp).run(20, n, 0) }, []string{oracle.Contested}},
		"missed in time":       {skip, func(tr *trial) { tr.run(0, 5, 0).miss(5, 20, at(49.5)).run(20, n, 0) }, []string{oracle.Unjustified}},
		"skipped":              {skip, func(tr *trial) { tr.run(0, 5, 0).miss(5, 20, at(50.5)).run(20, n, 0) }, nil},
		"run instead":          {skip, func(tr *trial) { tr.run(0, 5, 40*time.Second).run(5, n, 0) }, slices.Repeat([]string{oracle.Unjustified}, 5)},
		"three run":            {some, func(tr *trial) { tr.run(0, 5, 0).miss(5, 17, at(50.5)).run(17, 20, catchUp).run(20, n, 0) }, nil},
		"two of three run":     {some, func(tr *trial) { tr.run(0, 5, 0).miss(5, 18, at(50.5)).run(18, 20, catchUp).run(20, n, 0) }, []string{oracle.Unjustified}},
		"range without bounds": {skip, func(tr *trial) { tr.run(0, n, 0).miss(5, 6, at(50.5)) }, []string{oracle.Contested}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := setup(t, c.misfire)
			c.act(tr)
			tr.expect(t, c.want...)
		})
	}
}
