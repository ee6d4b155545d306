package account_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/chaos-worker/internal/account"
	"github.com/weplanx/workflow/shared/contract"
)

// open is an occurrence that was due at 1 s, that its target left open at 2 s for 5 s
// at most, and that ended so many seconds after the beginning.
func open(outcome string, closed float64, reports ...account.Report) account.Evidence {
	e := one(contract.Job{Completion: contract.Duration(5 * time.Second)}, outcome, 1, 202)
	e.Calls[0].Open = true
	e.Reports = reports
	e.Records[0] = ended("a", outcome, 1, 202, closed)
	waits := ended("a", contract.OutcomeSuccess, 1, 202, 2)
	waits.Kind, waits.Reason = contract.KindAttempt, contract.ReasonOpen
	e.Records = append(e.Records, waits)
	if outcome != contract.OutcomeSuccess {
		e.Dead = []contract.Dead{{ID: "a"}}
	}
	return e
}

// report is one that was taken, and answered a tenth of a second after it was sent.
func report(sent float64) account.Report {
	return account.Report{ID: "a", Sent: at(sent), Answered: at(sent + 0.1), Taken: true}
}

func failure(r account.Report) account.Report { r.Failed = true; return r }

func refused(r account.Report) account.Report { r.Taken, r.Refused = false, true; return r }

// unanswered is one that may have been taken.
func unanswered(r account.Report) account.Report { r.Taken = false; return r }

func TestJudgeCompletions(t *testing.T) {
	t.Parallel()
	const success, failed, lost = contract.OutcomeSuccess, contract.OutcomeFailed, contract.OutcomeLost
	for _, c := range []struct {
		name   string
		given  account.Evidence
		change func(*account.Evidence)
		want   []string
	}{
		{"success as reported", open(success, 4, report(4)), nil, nil},
		{"failed as reported", open(failed, 4, failure(report(4))), nil, nil},
		{"lost, and never reported", open(lost, 7), nil, nil},
		{"lost, and reported too late", open(lost, 7, refused(report(8))), nil, nil},
		{"reported again, in vain", open(success, 4, report(4), refused(report(5))), nil, nil},
		{"reported by one whose answer was lost", open(success, 4, unanswered(report(4)), refused(report(5))), nil, nil},
		{"left open for a worker that died, and called again", recalled(), nil, nil},

		{"success, and never reported", open(success, 4), nil, []string{account.Unproven}},
		{"success before it was reported", open(success, 3, unanswered(report(4))), nil, []string{account.Unproven}},
		{"success, reported as failed", open(success, 4, failure(report(4))), nil, []string{account.Unproven, account.Unproven}},
		{"failed, reported as success", open(failed, 4, report(4)), nil, []string{account.Unproven, account.Unproven}},
		{"success after its time", open(success, 8, report(8)), nil, []string{account.Unproven}},
		{"dead", open(contract.OutcomeDead, 8), nil, []string{account.Unproven}},
		{"taken twice", open(success, 4, report(4), report(5)), nil, []string{account.Double}},
		{"report of nobody", open(success, 4, report(4)), func(e *account.Evidence) {
			e.Reports = append(e.Reports, account.Report{ID: "b"})
		}, []string{account.Foreign}},

		{"lost too soon", open(lost, 6), nil, []string{account.Unproven}},
		{"lost, although a report was taken", open(lost, 7, report(4)), nil, []string{account.Unproven}},
		{"lost, although a report came in time", open(lost, 7, refused(report(4))), nil, []string{account.Unproven}},
		{"the same while a worker was killed", open(lost, 7, refused(report(4))), func(e *account.Evidence) {
			e.Harms = []account.Harm{{Worker: "x", From: at(3), To: at(3)}}
		}, nil},
		{"lost, and refused before it was stored that it waits", open(lost, 7, refused(report(2))), nil, nil},
		{"lost without a letter", open(lost, 7), func(e *account.Evidence) { e.Dead = nil }, []string{account.Missing}},
		{"lost, but not left open", open(lost, 7), func(e *account.Evidence) { e.Calls[0].Open = false }, []string{account.Unproven}},
		{"lost without a record that it waits", open(lost, 7), func(e *account.Evidence) { e.Records = e.Records[:1] }, []string{account.Unproven}},

		{"called again while it waits", open(lost, 7), callAgain, []string{account.Recalled}},
		{"the same by a worker that was stalled", open(lost, 7), func(e *account.Evidence) {
			callAgain(e)
			e.Harms = []account.Harm{{Worker: "w", From: at(3), To: at(5)}}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.change != nil {
				c.change(&c.given)
			}
			expect(t, c.given, c.want)
		})
	}
}

func callAgain(e *account.Evidence) {
	again := call("a", 2, 5, 5.1, 202)
	again.Open = true
	e.Calls = append(e.Calls, again)
}

// recalled is one whose first call was left open, which nobody could record; the
// second was answered with another status.
func recalled() account.Evidence {
	e := success()
	lost := call("a", 1, 0.5, 0.6, 202)
	lost.Open, lost.Worker = true, "v"
	e.Calls = append(e.Calls, lost)
	return e
}

func TestJudgeCountsCompletions(t *testing.T) {
	t.Parallel()
	v := account.Judge(open(contract.OutcomeFailed, 4, unanswered(failure(report(3))), failure(report(4)), refused(failure(report(5)))))
	if v.Opened != 1 || v.Reports != 3 || v.Taken != 1 || v.Refused != 1 || v.Ignored != 0 || v.Accepted != 1 {
		t.Errorf("got %+v", v)
	}
}

// What is left open is at its target until the end is decided.
func TestJudgeOverlapOfOpenOnes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		closed float64 // of a, called at 1 s and left open at 2 s
		begun  float64 // b
		want   []string
	}{
		{"after the report", 4, 4.5, nil},
		{"before the report", 4, 3, []string{account.Overlapping}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := open(contract.OutcomeSuccess, c.closed, report(c.closed))
			job := contract.Job{Overlap: contract.OverlapSkip, Completion: contract.Duration(5 * time.Second)}
			e.Demands = []account.Demand{demand("a", 1, job), demand("b", 2, job)}
			e.Calls = append(e.Calls, call("b", 1, c.begun, c.begun+0.1, 204))
			e.Records = append(e.Records, ended("b", contract.OutcomeSuccess, 1, 204, c.begun+0.2))
			expect(t, e, c.want)
		})
	}
}
