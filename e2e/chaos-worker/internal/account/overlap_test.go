package account_test

import (
	"testing"

	"github.com/weplanx/workflow/e2e/chaos-worker/internal/account"
	"github.com/weplanx/workflow/shared/contract"
)

// two occurrences of one job, due at 1 s and 2 s, both run to success.
func two(policy string, calls ...account.Call) account.Evidence {
	e := evidence()
	job := contract.Job{Overlap: policy}
	e.Demands = []account.Demand{demand("a", 1, job), demand("b", 2, job)}
	e.Calls = calls
	last := map[string]account.Call{}
	for _, c := range calls {
		last[c.ID] = c
	}
	for _, id := range []string{"a", "b"} {
		e.Records = append(e.Records, ended(id, contract.OutcomeSuccess, last[id].Attempt, 200, last[id].Left.Sub(began).Seconds()))
	}
	return e
}

// tied is two, both of them due at 1 s: then there is no order.
func tied(calls ...account.Call) account.Evidence {
	e := two(contract.OverlapQueue, calls...)
	e.Demands[1].Due = e.Demands[0].Due
	return e
}

func TestJudgeOverlap(t *testing.T) {
	t.Parallel()
	by := func(worker string, c account.Call) account.Call { c.Worker = worker; return c }
	stall := func(worker string, from, to float64) account.Harm {
		return account.Harm{Worker: worker, From: at(from), To: at(to)}
	}
	apart := []account.Call{call("a", 1, 1, 2, 200), call("b", 1, 2, 3, 200)}
	together := []account.Call{call("a", 1, 1, 3, 200), by("v", call("b", 1, 2, 4, 200))}
	again := []account.Call{call("a", 1, 1, 2, 503), by("v", call("b", 1, 2.5, 3, 200)), call("a", 2, 4, 5, 200)}
	reversed := []account.Call{call("b", 1, 2, 3, 200), call("a", 1, 4, 5, 200)}
	for _, c := range []struct {
		name  string
		given account.Evidence
		harms []account.Harm
		want  []string
	}{
		{"one after the other", two(contract.OverlapQueue, apart...), nil, nil},
		{"together, which is allowed", two(contract.OverlapAllow, together...), nil, nil},
		{"together by default", two("", together...), nil, nil},
		{"together against queue", two(contract.OverlapQueue, together...), nil, []string{account.Overlapping}},
		{"together against skip", two(contract.OverlapSkip, together...), nil, []string{account.Overlapping}},
		{"the first one's worker was killed", two(contract.OverlapSkip, together...), []account.Harm{stall("w", 1.5, 1.5)}, nil},
		{"the first one's worker was stalled", two(contract.OverlapSkip, together...), []account.Harm{stall("w", 0.9, 5)}, nil},
		{"a third worker was killed", two(contract.OverlapSkip, together...), []account.Harm{stall("x", 1.5, 1.5)}, []string{account.Overlapping}},
		{"killed after both had begun", two(contract.OverlapSkip, together...), []account.Harm{stall("w", 2.5, 2.5)}, []string{account.Overlapping}},
		{"the second one's worker was stalled for long before", two(contract.OverlapSkip, together...), []account.Harm{stall("v", -23, 1.9)}, nil},
		{"the second one's worker was stalled for a moment before", two(contract.OverlapSkip, together...), []account.Harm{stall("v", 1, 1.9)}, []string{account.Overlapping}},
		{"tried again in the middle of the next", two(contract.OverlapQueue, again...), nil, []string{account.Interleaved}},
		{"tried again by another, for its worker was killed", two(contract.OverlapQueue, again...), []account.Harm{stall("w", 2.2, 2.2)}, nil},
		{"a worker had just come back after a long stall", two(contract.OverlapSkip, together...), []account.Harm{stall("x", -20, 1.2)}, nil},
		{"a worker had come back long before", two(contract.OverlapSkip, together...), []account.Harm{stall("x", -20, -1)}, []string{account.Overlapping}},
		{"a worker had just come back after a short stall", two(contract.OverlapSkip, together...), []account.Harm{stall("x", 0, 1.2)}, []string{account.Overlapping}},
		{"tried again by one that had just come back", two(contract.OverlapQueue, again...), []account.Harm{stall("x", -20, 3)}, nil},
		{"against the order, but due at once", tied(reversed...), nil, nil},
		{"against the order", two(contract.OverlapQueue, reversed...), nil, []string{account.Disordered}},
		{"against the order under skip", two(contract.OverlapSkip, reversed...), nil, nil},
		{"against the order after a kill", two(contract.OverlapQueue, reversed...), []account.Harm{stall("x", 0, 0)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.given.Harms = c.harms
			expect(t, c.given, c.want)
		})
	}
}

func TestJudgeSkipped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		skipped float64 // when b, due at 2 s, was
		until   float64 // when a's call ended, that began at 1 s
		calls   []account.Call
		harms   []account.Harm
		want    []string
	}{
		{"while the one before runs", 2, 3, nil, nil, nil},
		{"soon after the one before", 6, 2, nil, nil, nil},
		{"long after the one before", 9, 3, nil, nil, []string{account.Unproven}},
		{"long after the one before, but servers were harmed", 9, 3, nil, []account.Harm{{From: at(2), To: at(4)}}, nil},
		{"while the job was kept for a worker that died", 37, 3, nil, []account.Harm{{Worker: "w", From: at(3.1), To: at(3.1)}}, nil},
		{"after the job was kept for a worker that died", 39, 3, nil, []account.Harm{{Worker: "w", From: at(3.1), To: at(3.1)}}, []string{account.Unproven}},
		{"although it was accepted", 2.5, 3, []account.Call{call("b", 1, 2, 2.2, 200)}, nil, []string{account.Unproven, account.Overlapping}},
		{"although it was accepted, by one of two that had it", 2.5, 3, []account.Call{call("b", 1, 2, 2.2, 200)}, []account.Harm{{Worker: "x", From: at(-20), To: at(1.5)}}, nil},
		{"although it was accepted, since a server had forgotten", 2.5, 3, []account.Call{call("b", 1, 3.1, 3.2, 200)}, []account.Harm{{From: at(1), To: at(1.5)}}, nil},
		{"although it failed before", 5, 6, []account.Call{call("b", 1, 0.5, 0.6, 503)}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := evidence()
			job := contract.Job{Overlap: contract.OverlapSkip}
			e.Demands = []account.Demand{demand("a", 1, job), demand("b", 2, job)}
			e.Calls = append(c.calls, call("a", 1, 1, c.until, 200))
			e.Records = []account.Record{
				ended("a", contract.OutcomeSuccess, 1, 200, c.until), ended("b", contract.OutcomeSkipped, 0, 0, c.skipped),
			}
			e.Harms = c.harms
			expect(t, e, c.want)
		})
	}
}
