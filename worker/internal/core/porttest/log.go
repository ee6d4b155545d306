package porttest

import (
	"strconv"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Log is a fresh log under test.
type Log struct {
	core.ResultLog
	// Records returns what it holds, oldest first.
	Records func(t *testing.T) []contract.Result
}

// RunLog runs the suite of core.ResultLog.
func RunLog(t *testing.T, fresh func(t *testing.T) Log) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, Log){
		"stores records":                    stores,
		"stores many at once":               storesMany,
		"drops those of many that it has":   dedupesMany,
		"drops a record that it has":        dedupes,
		"finds a final record":              finds,
		"finds it among many":               findsAmongMany,
		"finds it before its attempt":       findsBeforeAttempt,
		"finds the last attempt":            findsAttempts,
		"finds attempts among many":         findsAttemptsAmongMany,
		"does not count what was cut off":   doesNotCount,
		"does not look before the time":     looksSince,
		"takes no other record for a final": distinguishes,
		"knows what was missed":             knowsMissed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, fresh(t))
		})
	}
}

func (l Log) add(t *testing.T, kind, key, id string, attempt int) {
	t.Helper()
	r := contract.Result{Kind: kind, Key: key, ID: id, Attempt: attempt, Outcome: contract.OutcomeSuccess}
	if err := l.Append(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// want looks for the final record of an occurrence of key "k".
func (l Log) want(t *testing.T, id string, since time.Time, want bool) {
	t.Helper()
	got, err := l.Progress(t.Context(), "k", id, since)
	if err != nil || got.Ended != want {
		t.Errorf("final record of %s: got %t, %v, want %t", id, got.Ended, err, want)
	}
}

// wantLast looks for the last attempt at an occurrence of key "k"; 0: none.
func (l Log) wantLast(t *testing.T, id string, want int) {
	t.Helper()
	got, err := l.Progress(t.Context(), "k", id, before())
	if err != nil || got.Ended || got.Last.Attempt != want || want > 0 && (got.Last.ID != id || got.Last.Kind != contract.KindAttempt) {
		t.Errorf("last attempt at %s: got %+v, %v, want %d", id, got, err, want)
	}
}

func before() time.Time { return time.Now().Add(-time.Minute) }

func stores(t *testing.T, l Log) {
	l.add(t, contract.KindAttempt, "a.b/c", "1", 1)
	l.add(t, contract.KindFinal, "d", "2", 1)
	got := l.Records(t)
	if len(got) != 2 || got[0].Key != "a.b/c" || got[0].ID != "1" || got[1].Kind != contract.KindFinal {
		t.Errorf("got %+v", got)
	}
}

// findsBeforeAttempt: a request that was repeated may have stored the final record
// first.
func findsBeforeAttempt(t *testing.T, l Log) {
	l.add(t, contract.KindFinal, "k", "1", 1)
	l.add(t, contract.KindAttempt, "k", "1", 1)
	l.want(t, "1", before(), true)
}

// storesMany has more than fit into any one request of an adapter.
func storesMany(t *testing.T, l Log) {
	var want []contract.Result
	for i := range 700 {
		id := strconv.Itoa(i)
		attempt := contract.Result{Kind: contract.KindAttempt, Key: "k." + strconv.Itoa(i%7), ID: id, Attempt: 1, Outcome: contract.OutcomeSuccess}
		final := attempt
		final.Kind = contract.KindFinal
		want = append(want, attempt, final)
	}
	l.append(t, want...)
	same(t, l.Records(t), want)
}

func dedupesMany(t *testing.T, l Log) {
	var all []contract.Result
	for i := range 9 {
		all = append(all, contract.Result{Kind: contract.KindFinal, Key: "k", ID: strconv.Itoa(i), Attempt: 1, Outcome: contract.OutcomeSuccess})
	}
	l.append(t, all[0], all[4], all[8])
	l.append(t, all...)
	l.append(t, all...)
	same(t, l.Records(t), []contract.Result{all[0], all[4], all[8], all[1], all[2], all[3], all[5], all[6], all[7]})
}

func (l Log) append(t *testing.T, records ...contract.Result) {
	t.Helper()
	if err := l.Append(t.Context(), records...); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, got, want []contract.Result) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d records, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].ID != want[i].ID || got[i].Kind != want[i].Kind || got[i].Key != want[i].Key {
			t.Fatalf("record %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}

func dedupes(t *testing.T, l Log) {
	for range 2 {
		l.add(t, contract.KindAttempt, "k", "1", 1)
		l.add(t, contract.KindAttempt, "k", "1", 2)
		l.add(t, contract.KindFinal, "k", "1", 2)
	}
	if got := l.Records(t); len(got) != 3 {
		t.Errorf("got %d records, want 3", len(got))
	}
}

func finds(t *testing.T, l Log) {
	l.want(t, "1", before(), false)
	l.add(t, contract.KindFinal, "k", "1", 1)
	l.want(t, "1", before(), true)
}

func findsAmongMany(t *testing.T, l Log) {
	const n = 700
	for i := range n {
		l.add(t, contract.KindFinal, "k", strconv.Itoa(i), 1)
	}
	for _, id := range []string{"0", "350", strconv.Itoa(n - 1)} {
		l.want(t, id, before(), true)
	}
	l.want(t, strconv.Itoa(n), before(), false)
}

func findsAttempts(t *testing.T, l Log) {
	l.wantLast(t, "1", 0)
	l.add(t, contract.KindAttempt, "k", "1", 1)
	l.wantLast(t, "1", 1)
	l.wantLast(t, "2", 0)
	l.add(t, contract.KindAttempt, "k", "1", 2)
	l.wantLast(t, "1", 2)
	l.add(t, contract.KindFinal, "k", "1", 2)
	l.want(t, "1", before(), true)
}

func findsAttemptsAmongMany(t *testing.T, l Log) {
	for attempt := 1; attempt <= 12; attempt++ {
		for _, id := range []string{"1", "2", "11"} {
			l.add(t, contract.KindAttempt, "k", id, attempt)
		}
	}
	l.add(t, contract.KindAttempt, "k", "2", 13)
	for id, want := range map[string]int{"1": 12, "2": 13, "11": 12, "3": 0} {
		l.wantLast(t, id, want)
	}
}

// doesNotCount: the number of an attempt that its worker cut off is used again.
func doesNotCount(t *testing.T, l Log) {
	stopped := func(attempt int) {
		r := contract.Result{
			Kind: contract.KindAttempt, Key: "k", ID: "1", Attempt: attempt, Started: time.Now(),
			Outcome: contract.OutcomeRetry, ErrorClass: contract.ErrorStopped,
		}
		if err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	stopped(1)
	l.wantLast(t, "1", 0)
	l.add(t, contract.KindAttempt, "k", "1", 1)
	stopped(2)
	l.wantLast(t, "1", 1)
	stopped(2)
	l.add(t, contract.KindAttempt, "k", "1", 2)
	l.wantLast(t, "1", 2)
	if got := l.Records(t); len(got) != 5 {
		t.Errorf("got %d records, want 5", len(got))
	}
}

func looksSince(t *testing.T, l Log) {
	l.add(t, contract.KindFinal, "k", "1", 1)
	l.want(t, "1", time.Now().Add(time.Minute), false)
}

func distinguishes(t *testing.T, l Log) {
	l.add(t, contract.KindAttempt, "k", "1", 1)
	l.add(t, contract.KindFinal, "k", "11", 1)
	l.add(t, contract.KindFinal, "k.k", "1", 1)
	l.add(t, contract.KindMissed, "k", "2", 0)
	l.add(t, contract.KindBadEntry, "k", "1", 0)
	l.want(t, "1", before(), false)
}

func knowsMissed(t *testing.T, l Log) {
	l.add(t, contract.KindMissed, "k", "1", 0)
	l.want(t, "1", before(), true)
	l.add(t, contract.KindAttempt, "k", "2", 1)
	l.want(t, "1", before(), true)
}
