package core

import (
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

// poisoned ends a trigger that can never become a call. One that was delivered
// before, or sent again, may have been recorded.
func (f *flight) poisoned(reason error) {
	final := poison(f.delivery, &f.trigger, reason, f.asked, f.settings.Name)
	began := f.delivery.Stored
	if due := f.trigger.Due; !due.IsZero() && due.Before(began) {
		began = due // it may have been stored before, under the same ID
	}
	if f.delivery.Count > 1 || f.trigger.Origin != "" {
		p, err := f.progress(final.ID, final.Key, began)
		switch {
		case err != nil:
			f.handBack("log not available", f.backoff())
			return
		case p.Ended:
			f.ack()
			return
		}
	}
	f.conclude(final, f.resendable(final))
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
