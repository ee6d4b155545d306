package core

import (
	"context"
	"errors"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// isOpen: the attempt was accepted, and the target will report the end.
func isOpen(attempt contract.Result) bool {
	return attempt.Outcome == contract.OutcomeSuccess && attempt.Reason == contract.ReasonOpen
}

// waits looks for a completion that the occurrence waits for, or has had, and
// deals with it. It asks for the state alone, and for the log only where it has to
// know whether the end, which may have been written long ago, is there. False:
// there is none.
func (f *flight) waits() bool {
	now := f.Clock.Now()
	c := cell[completion]{name: openName(f.trigger.ID)}
	err := c.load(f.work, f.Worker)
	switch {
	case err != nil:
		f.trouble("look for completion", err)
		f.handBack("states not available", f.backoff())
		return true
	case c.value.absent():
		return false
	case c.value.Done:
		f.completed(&c)
		return true
	}
	if f.asked = now; c.value.Outcome != "" && f.superseded(f.trigger.ID, f.trigger.Key, c.value.Closed) {
		return true
	}
	f.await(c.value.Attempt)
	return true
}

// await hands the trigger back until the completion has been reported or its
// time has passed, and then ends the occurrence. The record of the attempt has
// been stored; the state, which is stored after it, may be missing.
func (f *flight) await(attempt contract.Result) {
	if f.stale() { // it may have ended long ago, and must not be opened again
		f.handBack(contract.ReasonOpen, minQueueWait)
		return
	}
	mint, err := f.tokens(f.work)
	c := cell[completion]{name: openName(f.trigger.ID)}
	if err == nil {
		err = c.load(f.work, f.Worker)
	}
	if err == nil {
		err = c.change(f.work, f.Worker, func(state completion) (completion, next, time.Duration) {
			what, now := keep, f.Clock.Now()
			if state.absent() {
				state, what = opened(f.trigger, attempt, mint.token(f.trigger.ID)), replace
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

// completed ends an occurrence whose completion is closed. Its trigger comes no
// more then, so that only reports have to be told what became of it.
func (f *flight) completed(c *cell[completion]) {
	if err := f.writeEnd(f.work, c, f.asked); err != nil {
		f.handBack("end not recorded", f.backoff())
		return
	}
	err := c.change(f.work, f.Worker, func(state completion) (completion, next, time.Duration) {
		if !state.Done {
			return state, keep, 0
		}
		return state, replace, max(doneFor, state.Deadline.Sub(f.Clock.Now()))
	})
	if err != nil {
		f.trouble("forget completion", err)
	}
	f.ack()
}

// errStalled is why an end is left to others.
var errStalled = errors.New("the worker was stalled: another may have recorded the end")

// writeEnd stores what accounts for an occurrence whose completion is closed.
// Whoever closed it may have done so already: all of it may be repeated, as long
// as known, when it held for certain that no final record was there, is fresh.
func (w *Worker) writeEnd(ctx context.Context, c *cell[completion], known time.Time) error {
	if c.value.Done {
		return nil
	}
	final, trigger := c.value.final(w.settings.Name), c.value.Trigger
	if isDead(final.Outcome) && w.isFresh(known) {
		if err := w.bury(ctx, buried(final, &trigger, nil)); err != nil {
			return err
		}
	}
	if !w.isFresh(known) {
		return errStalled
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
			return state.done(), replace, keptFor
		})
	}
	if err != nil {
		w.Monitor.Trouble(Trouble{Doing: "end completion", ID: final.ID, Key: final.Key, Err: err})
	}
	return err
}
