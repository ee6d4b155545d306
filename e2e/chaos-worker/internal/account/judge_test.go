package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/chaos-worker/internal/account"
	"github.com/weplanx/workflow/shared/contract"
)

const ackWait = 20 * time.Second

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// at is so many seconds after the beginning.
func at(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }

// demand is an occurrence of one job, due after so many seconds.
func demand(id string, due float64, policies contract.Job) account.Demand {
	return account.Demand{ID: id, Key: "k", Nominal: at(due), Due: at(due), Job: policies}
}

func call(id string, attempt int, from, to float64, status int) account.Call {
	return account.Call{ID: id, Attempt: attempt, Worker: "w", Arrived: at(from), Left: at(to), Status: status}
}

// ended is a record that was stored a tenth of a second after it was made.
func ended(id, outcome string, attempt, status int, finished float64) account.Record {
	return account.Record{Stored: at(finished + 0.1), Result: contract.Result{
		Kind: contract.KindFinal, ID: id, Key: "k", Outcome: outcome, Attempt: attempt, Status: status, Finished: at(finished),
	}}
}

func evidence() account.Evidence { return account.Evidence{AckWait: ackWait} }

// one is an occurrence that was due at 1 s, with one call and one record.
func one(policies contract.Job, outcome string, attempt, status int) account.Evidence {
	e := evidence()
	e.Demands = []account.Demand{demand("a", 1, policies)}
	e.Triggers = []string{"a"}
	e.Calls = []account.Call{call("a", attempt, 1, 2, status)}
	e.Records = []account.Record{ended("a", outcome, attempt, status, 2)}
	return e
}

func success() account.Evidence { return one(contract.Job{}, contract.OutcomeSuccess, 1, 204) }

func TestJudgeEndings(t *testing.T) {
	t.Parallel()
	letter := contract.Dead{ID: "a"}
	for _, c := range []struct {
		name   string
		given  account.Evidence
		change func(*account.Evidence)
		want   []string // kinds of findings
	}{
		{"success", success(), nil, nil},
		{"trigger that the observer missed", success(), func(e *account.Evidence) { e.Triggers = nil }, nil},
		{"stored twice", success(), func(e *account.Evidence) { e.Triggers = append(e.Triggers, "a") }, []string{account.Twice}},
		{"no final record", success(), func(e *account.Evidence) { e.Records = nil }, []string{account.Missing}},
		{"two final records", success(), func(e *account.Evidence) { e.Records = append(e.Records, e.Records[0]) }, []string{account.Double}},
		{"success without a call", success(), func(e *account.Evidence) { e.Calls = nil }, []string{account.Uncalled}},
		{"success that the target did not give", success(), func(e *account.Evidence) { e.Calls[0].Status = 503 }, []string{account.Unproven}},
		{"success of another attempt", success(), func(e *account.Evidence) { e.Calls[0].Attempt = 2 }, []string{account.Unproven}},
		{"called again, which is allowed", success(), func(e *account.Evidence) { e.Calls = append(e.Calls, call("a", 2, 3, 4, 204)) }, nil},
		{"called although the log held its end", success(), func(e *account.Evidence) { e.Calls = append(e.Calls, call("a", 2, 9, 10, 204)) }, []string{account.Recalled}},
		{"the same after servers were harmed", success(), func(e *account.Evidence) {
			e.Calls, e.Harms = append(e.Calls, call("a", 2, 9, 10, 204)), []account.Harm{{From: at(1), To: at(3)}}
		}, nil},
		{"the same by a worker that was stalled", success(), func(e *account.Evidence) {
			e.Calls, e.Harms = append(e.Calls, call("a", 2, 9, 10, 204)), []account.Harm{{Worker: "w", From: at(1), To: at(3)}}
		}, nil},
		{"callback of nobody", success(), func(e *account.Evidence) { e.Calls = append(e.Calls, call("b", 1, 5, 6, 204)) }, []string{account.Foreign}},
		{"record of nobody", success(), func(e *account.Evidence) {
			e.Records = append(e.Records, ended("b", contract.OutcomeSuccess, 1, 204, 2))
		}, []string{account.Foreign}},
		{"bad entry", success(), func(e *account.Evidence) {
			e.Records = append(e.Records, account.Record{Result: contract.Result{Kind: contract.KindBadEntry, Key: "k"}})
		}, []string{account.Foreign}},
		{"success with a dead letter", success(), func(e *account.Evidence) { e.Dead = append(e.Dead, letter) }, []string{account.Unproven}},

		{"failed", one(contract.Job{}, contract.OutcomeFailed, 1, 410), func(e *account.Evidence) { e.Dead = append(e.Dead, letter) }, nil},
		{"failed without a letter", one(contract.Job{}, contract.OutcomeFailed, 1, 410), nil, []string{account.Missing}},
		{"failed by what may pass", one(contract.Job{}, contract.OutcomeFailed, 1, 429), func(e *account.Evidence) { e.Dead = append(e.Dead, letter) }, []string{account.Unproven}},
		{"dead", one(contract.Job{Attempts: 2}, contract.OutcomeDead, 2, 503), func(e *account.Evidence) { e.Dead = append(e.Dead, letter) }, nil},
		{"dead without a letter", one(contract.Job{Attempts: 2}, contract.OutcomeDead, 2, 503), nil, []string{account.Missing}},
		{"dead with two letters", one(contract.Job{Attempts: 2}, contract.OutcomeDead, 2, 503), func(e *account.Evidence) {
			e.Dead = append(e.Dead, letter, letter)
		}, []string{account.Double}},
		{"dead too soon", one(contract.Job{}, contract.OutcomeDead, 4, 503), func(e *account.Evidence) { e.Dead = append(e.Dead, letter) }, []string{account.Unproven}},

		{"expired", one(contract.Job{Deadline: contract.Duration(time.Second)}, contract.OutcomeExpired, 0, 0), func(e *account.Evidence) { e.Calls = nil }, nil},
		{"expired too soon", one(contract.Job{Deadline: contract.Duration(2 * time.Second)}, contract.OutcomeExpired, 0, 0), nil, []string{account.Unproven}},
		{"skipped without the policy", one(contract.Job{}, contract.OutcomeSkipped, 0, 0), func(e *account.Evidence) { e.Calls = nil }, []string{account.Unproven}},

		{"missed", success(), func(e *account.Evidence) {
			e.Calls, e.Records = nil, []account.Record{{Result: contract.Result{Kind: contract.KindMissed, Key: "k", From: at(0), To: at(1)}}}
		}, nil},
		{"missed and run", success(), func(e *account.Evidence) {
			e.Records = append(e.Records, account.Record{Result: contract.Result{Kind: contract.KindMissed, Key: "k", From: at(1), To: at(1)}})
		}, []string{account.Double}},
		{"missed, but another job", success(), func(e *account.Evidence) {
			e.Records = []account.Record{{Result: contract.Result{Kind: contract.KindMissed, Key: "k", Index: 1, From: at(1), To: at(1)}}}
		}, []string{account.Missing}},
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

func expect(t *testing.T, e account.Evidence, want []string) {
	t.Helper()
	v := account.Judge(e)
	var got []string
	for _, f := range v.Findings {
		got = append(got, f.Kind)
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings %v, want kinds %q", v.Findings, want)
	}
}

func TestJudgeCounts(t *testing.T) {
	t.Parallel()
	e := success()
	e.Calls = []account.Call{call("a", 1, 1, 2, 503), call("a", 2, 3, 4, 204), call("a", 3, 9, 10, 204), call("a", 4, 11, 12, 204)}
	e.Records[0].Stored = at(12)
	e.Calls[0].Worker = "v"
	e.Records[0].Attempt = 4
	e.Records = append(e.Records, account.Record{Result: contract.Result{
		Kind: contract.KindAttempt, ID: "a", Attempt: 3, ErrorClass: contract.ErrorStopped, Finished: at(10.5),
	}})
	e.Harms = []account.Harm{{Worker: "v", From: at(1.5), To: at(1.5)}, {Worker: "w", From: at(10.9), To: at(12)}}
	v := account.Judge(e)
	if v.Calls != 4 || v.Called != 1 || v.Accepted != 1 || v.Retries != 1 || v.Repeats != 2 || v.Needless != 1 || v.Ignored != 0 {
		t.Errorf("got %+v", v)
	}
	for what, c := range map[string]struct {
		got  []time.Duration
		want time.Duration
	}{
		"first": {v.First, 0}, "abandoned": {v.Abandoned, 1500 * time.Millisecond}, "handed on": {v.HandedOn, 500 * time.Millisecond},
	} {
		if !slices.Equal(c.got, []time.Duration{c.want}) {
			t.Errorf("%s: got %v, want %v", what, c.got, c.want)
		}
	}
	e.Records = []account.Record{ended("a", contract.OutcomeExpired, 0, 0, 7200)}
	if v := account.Judge(e); v.Ignored != 1 || v.Outcomes[contract.OutcomeExpired] != 1 {
		t.Errorf("got %+v", v)
	}
}
