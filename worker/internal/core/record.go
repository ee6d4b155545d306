package core

import (
	"strconv"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// InvalidKey is the key under which a trigger is recorded whose own key cannot
// be one.
const InvalidKey = "_invalid"

// RecordID names a record so that a second one of the same attempt or end can
// be told: the occurrence's ID and what the record says about it. An attempt
// that its worker cut off does not count, so its name is that of no other.
func RecordID(r contract.Result) string {
	switch {
	case r.Kind != contract.KindAttempt:
		return r.ID + "." + r.Kind
	case r.ErrorClass == contract.ErrorStopped:
		return r.ID + ".stopped." + strconv.FormatInt(r.Started.UnixNano(), 10)
	}
	return r.ID + "." + r.Kind + "." + strconv.Itoa(r.Attempt)
}

// Counts reads a record's ID for an occurrence: the number of the attempt, when
// it is one that counts, or whether it is the end (one that was missed has no
// other). Other records, and those of other occurrences, are neither.
func Counts(recordID, occurrence string) (attempt int, end bool) {
	what, ok := strings.CutPrefix(recordID, occurrence+".")
	if !ok {
		return 0, false
	}
	if number, ok := strings.CutPrefix(what, contract.KindAttempt+"."); ok {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return 0, false
		}
		return n, false
	}
	return 0, what == contract.KindFinal || what == contract.KindMissed
}

// span is when an attempt ran.
type span struct{ started, finished time.Time }

// attempted is the record of one attempt.
func attempted(c Call, due time.Time, s span, a Answer, outcome, worker string) contract.Result {
	r := contract.Result{
		Kind: contract.KindAttempt, ID: c.ID, Key: c.Key, Index: c.Index, Mode: c.Mode,
		Scheduled: c.Scheduled.UTC(), Due: due.UTC(), Started: s.started.UTC(), Finished: s.finished.UTC(),
		Attempt: c.Attempt, Outcome: outcome, Status: a.Status, ErrorClass: a.Class, Error: a.Error, Worker: worker,
		Lateness: contract.Duration(max(s.started.Sub(due), 0)), Bytes: a.Bytes, Excerpt: a.Excerpt, TraceID: a.TraceID,
	}
	if c.WebhookID != c.ID {
		r.Origin = c.WebhookID
	}
	return r
}

// concluded is the final record of the occurrence that the attempt ended.
func concluded(attempt contract.Result) contract.Result {
	attempt.Kind = contract.KindFinal
	return attempt
}

// uncalled is the final record of an occurrence that was not called.
func uncalled(t *contract.Trigger, outcome, reason string, now time.Time, worker string) contract.Result {
	return contract.Result{
		Kind: contract.KindFinal, ID: t.ID, Key: t.Key, Index: t.Index, Mode: t.Mode,
		Scheduled: t.Scheduled.UTC(), Due: t.Due.UTC(), Finished: now.UTC(),
		Outcome: outcome, Reason: reason, Worker: worker, Origin: t.Origin,
	}
}

// missed is the record of occurrences that were not run.
func missed(t *contract.Trigger, now time.Time, worker string) contract.Result {
	return contract.Result{
		Kind: contract.KindMissed, ID: t.ID, Key: t.Key, Index: t.Index, Outcome: contract.OutcomeMissed,
		Scheduled: t.Scheduled.UTC(), Finished: now.UTC(), Worker: worker,
		From: t.Missed.From.UTC(), To: t.Missed.To.UTC(), Count: t.Missed.Count, Reason: t.Missed.Reason,
	}
}

// poison is the final record of a delivery that can never become a call. t has
// the fields that could be read.
func poison(d Delivery, t *contract.Trigger, err error, now time.Time, worker string) contract.Result {
	r := contract.Result{
		Kind: contract.KindFinal, ID: t.ID, Key: d.Key, Index: max(t.Index, 0), Mode: cut(t.Mode),
		Finished: now.UTC(), Outcome: contract.OutcomeFailed,
		ErrorClass: contract.ErrorInvalid, Error: err.Error(), Reason: "the trigger cannot be run", Worker: worker,
	}
	if !isID(r.ID) || t.Key != d.Key {
		r.ID = poisonID(d) // not to be taken for another occurrence
	}
	if contract.CheckKey(r.Key) != nil {
		r.Key = InvalidKey
	}
	if writable(t.Scheduled) && writable(t.Due) {
		r.Scheduled, r.Due = t.Scheduled.UTC(), t.Due.UTC()
	}
	return r
}

// buried is the dead letter of an occurrence that ended with that record. The
// trigger is nil when it cannot be sent again as it is; then its bytes are kept.
func buried(final contract.Result, t *contract.Trigger, data []byte) contract.Dead {
	letter := contract.Dead{
		ID: final.ID, Key: final.Key, Index: final.Index, Mode: final.Mode, Scheduled: final.Scheduled,
		Died: final.Finished, Outcome: final.Outcome, Reason: final.Reason, Attempts: final.Attempt, Status: final.Status,
		ErrorClass: final.ErrorClass, Error: final.Error, Worker: final.Worker, Trigger: t,
	}
	if t == nil {
		letter.Data = data[:min(len(data), contract.MaxDeadData)]
	}
	return letter
}
