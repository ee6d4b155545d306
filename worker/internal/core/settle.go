package core

import (
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// settle stores the records that account for the trigger and only then
// acknowledges it.
func (f *flight) settle(records ...contract.Result) {
	if f.stale() && f.superseded(records[0].ID, records[0].Key, f.asked) {
		return
	}
	if f.store(f.work, records...) != nil {
		f.handBack("record not stored", f.backoff())
		return
	}
	f.over()
}

// settleLate stores the records of the attempt that ended the occurrence where the
// recorder could not. Another worker may have made attempts meanwhile.
func (f *flight) settleLate(why error) {
	if why == errStalled { //nolint:errorlint // ours
		if !f.recheck() {
			return
		}
		f.end.Attempt = f.last.Attempt + 1
	}
	f.settle(f.end, concluded(f.end))
}

// finish ends the occurrence with its final record; without success a dead
// letter is kept before, because nobody comes back to an occurrence that has
// ended.
func (f *flight) finish(final contract.Result) {
	f.conclude(final, &f.trigger)
}

// conclude is finish for a trigger that may not be fit to be sent again; it is nil
// then.
func (f *flight) conclude(final contract.Result, t *contract.Trigger) {
	if f.stale() && f.superseded(final.ID, final.Key, f.asked) {
		return
	}
	if isDead(final.Outcome) && f.bury(f.work, buried(final, t, f.delivery.Data)) != nil {
		f.handBack("dead letter not kept", f.backoff())
		return
	}
	f.settle(final)
}

// isDead: occurrences that end so can be sent again. One that expired or was
// skipped is none: that is what its job demanded.
func isDead(outcome string) bool {
	switch outcome {
	case contract.OutcomeDead, contract.OutcomeFailed, contract.OutcomeLost:
		return true
	}
	return false
}

// missed records what a scheduler has missed.
func (f *flight) missed() {
	if !f.recorded(f.trigger.ID, f.trigger.Key, f.delivery.Stored) {
		f.settle(missed(&f.trigger, f.Clock.Now(), f.settings.Name))
	}
}

// poisoned ends a trigger that can never become a call.
func (f *flight) poisoned(reason error) {
	final, began := poison(f.delivery, &f.trigger, reason, f.Clock.Now(), f.settings.Name), f.delivery.Stored
	if due := f.trigger.Due; !due.IsZero() && due.Before(began) {
		began = due // it may have been stored before, under the same ID
	}
	if !f.recorded(final.ID, final.Key, began) {
		f.conclude(final, f.resendable(final))
	}
}

// recorded looks for the end of what is not to be called, if it may have been
// recorded before, and deals with it.
func (f *flight) recorded(id, key string, began time.Time) bool {
	return (f.delivery.Count > 1 || f.trigger.Origin != "" || f.stale()) && f.superseded(id, key, began)
}

// resendable is the trigger, if it is whole and only cannot be run by this
// worker, for example because of its mode.
func (f *flight) resendable(final contract.Result) *contract.Trigger {
	t := &f.trigger
	if t.V != contract.Version || t.ID != final.ID || t.Key != final.Key {
		return nil
	}
	if _, err := contract.Encode(*t); err != nil {
		return nil // a time that JSON cannot express
	}
	return t
}
