package core

import (
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// settle stores the record that accounts for the trigger and only then
// acknowledges it.
func (f *flight) settle(record contract.Result) {
	if f.store(f.work, record) != nil {
		f.handBack("record not stored", f.backoff())
		return
	}
	f.over()
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

// recorded looks for the end of what is not to be called, if it was delivered
// before or sent again, and deals with it.
func (f *flight) recorded(id, key string, began time.Time) bool {
	if f.delivery.Count <= 1 && f.trigger.Origin == "" {
		return false
	}
	p, err := f.progress(id, key, began)
	switch {
	case err != nil:
		f.handBack("log not available", f.backoff())
	case p.Ended:
		f.ack()
	}
	return err != nil || p.Ended
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
