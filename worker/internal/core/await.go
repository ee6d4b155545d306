package core

import (
	"context"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// isOpen: the attempt was accepted, and the target will report the end.
func isOpen(attempt contract.Result) bool {
	return attempt.Outcome == contract.OutcomeSuccess && attempt.Reason == contract.ReasonOpen
}

// await hands the trigger back until the completion has been reported or its
// time has passed, and then ends the occurrence. The record of the attempt has
// been stored; the state, which is stored after it, may be missing.
func (f *flight) await(attempt contract.Result) {
	if f.stale() { // it may have ended long ago, and must not be opened again
		f.handBack(contract.ReasonOpen, minQueueWait)
		return
	}
	key, err := f.secret(f.work)
	c := cell[completion]{name: openName(f.trigger.ID)}
	if err == nil {
		err = c.load(f.work, f.Worker)
	}
	if err == nil {
		err = c.change(f.work, f.Worker, func(state completion) (completion, next, time.Duration) {
			what, now := keep, f.Clock.Now()
			if state.absent() {
				state, what = opened(f.trigger, attempt, token(key, f.trigger.ID)), replace
			}
			if state.Outcome == "" && !now.Before(state.Deadline) {
				state, what = state.lost(now), replace
			}
			return state, what, state.ttl(now)
		})
	}
	switch {
	case err != nil:
		f.trouble("wait for completion", err)
		f.handBack("states not available", f.backoff())
	case c.value.Outcome == "":
		f.leaveOpen(c.value.Deadline.Sub(f.Clock.Now()))
	default:
		f.completed(&c)
	}
}

// leaveOpen hands the trigger back for as long as the target may still take.
func (f *flight) leaveOpen(left time.Duration) {
	if err := f.seat.wait(f.work, left); err != nil {
		f.trouble("keep turn", err)
	}
	f.handBack(contract.ReasonOpen, min(max(left, backoffFloor), MaxBackoff))
}

// completed ends an occurrence whose completion is closed.
func (f *flight) completed(c *cell[completion]) {
	if err := f.writeEnd(f.work, c); err != nil {
		f.handBack("end not recorded", f.backoff())
		return
	}
	f.ack()
}

// writeEnd stores what accounts for an occurrence whose completion is closed.
// Whoever closed it may have done so already: all of it may be repeated.
func (w *Worker) writeEnd(ctx context.Context, c *cell[completion]) error {
	if c.value.Done {
		return nil
	}
	final, trigger := c.value.final(w.settings.Name), c.value.Trigger
	if isDead(final.Outcome) {
		if err := w.bury(ctx, buried(final, &trigger, nil)); err != nil {
			return err
		}
	}
	if err := w.store(ctx, final); err != nil {
		return err
	}
	err := newSeat(w, &trigger).leave(ctx)
	if err == nil {
		err = c.change(ctx, w, func(state completion) (completion, next, time.Duration) {
			if state.absent() || state.Done {
				return state, keep, 0
			}
			return state.done(), replace, doneFor
		})
	}
	if err != nil {
		w.Monitor.Trouble(Trouble{Doing: "forget completion", ID: final.ID, Key: final.Key, Err: err})
	}
	return err
}
