package core

import (
	"context"
	"errors"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	// maxReports is how many reports a worker takes at once.
	maxReports = 256
	// openPatience is how long a report waits for its state: the target may be
	// faster than the worker that it has just answered.
	openPatience = 3 * time.Second
	openPoll     = 100 * time.Millisecond
	// endPatience bounds writing the final record; if it fails the trigger's next
	// delivery does it.
	endPatience = 5 * time.Second
)

// Complete takes a target's report that the occurrence for which it was given
// the token has ended. Of all reports one counts. After nil that one is stored
// durably; the final record follows at once, or, where that fails, within some
// minutes. The error is ErrNotOpen (no use to try again), a *contract.FieldError
// about the report, or tells why it could not be stored now; then the target
// should try again.
//
// It is safe for concurrent use, also while the worker does not run. It blocks for
// some seconds at most while the store answers.
func (w *Worker) Complete(ctx context.Context, given string, report contract.Completed) error {
	if err := report.Check(); err != nil {
		return err
	}
	c, err := w.find(ctx, given)
	if err != nil {
		return err
	}
	by, taken, at := w.Random.ID(), false, w.Clock.Now()
	err = c.change(ctx, w, func(state completion) (completion, next, time.Duration) {
		at = w.Clock.Now()
		switch {
		case state.By == by: // an answer was lost
			return state, keep, 0
		case !state.takes(given, at):
			taken = false
			return state, keep, 0
		}
		taken = true
		state = state.reported(report, by, at)
		return state, replace, state.ttl(at)
	})
	switch {
	case err != nil:
		return err
	case !taken:
		return ErrNotOpen
	}
	w.endNow(ctx, c, at)
	return nil
}

// errNoState: a worker gave the token away, but nothing is stored for it. As a rule
// all has ended long ago; but where the store was away since the call it is yet to
// be stored, so this is not for good.
var errNoState = errors.New("nothing is stored for this report")

// find waits for the state that a token belongs to.
func (w *Worker) find(ctx context.Context, given string) (*cell[completion], error) {
	occurrence, ok := occurrenceOf(given)
	if !ok {
		return nil, ErrNotOpen
	}
	mint, err := w.tokens(ctx)
	if err != nil {
		return nil, err
	}
	c := &cell[completion]{name: openName(occurrence)}
	for limit := w.Clock.Now().Add(openPatience); ; {
		if err := c.load(ctx, w); err != nil {
			return nil, err
		}
		switch {
		case !c.value.absent():
			return c, nil
		case !same(given, mint.token(occurrence)):
			return nil, ErrNotOpen
		case !w.Clock.Now().Before(limit):
			return nil, errNoState
		}
		if err := w.Clock.Sleep(ctx, openPoll); err != nil {
			return nil, err
		}
	}
}

// endNow writes the end of an occurrence whose completion was closed then. One that
// has been stalled meanwhile leaves that to others: they may have done it so long
// ago that the log would not know the record for a second one.
func (w *Worker) endNow(ctx context.Context, c *cell[completion], closed time.Time) {
	ctx, cancel := context.WithTimeout(ctx, endPatience)
	defer cancel()
	_ = w.writeEnd(ctx, c, closed) // the monitor has been told of what failed
}

// report takes a report that was delivered.
func (r *run) report(c Completion) {
	if !r.desk.acquire(r.work) {
		return // the target gets no reply, and tries again
	}
	r.flights.Go(func() {
		defer r.desk.release()
		report, err := contract.DecodeCompleted(c.Data)
		if err == nil {
			err = r.Complete(r.work, c.Token, report)
		}
		if c.Reply == nil {
			return
		}
		if err := c.Reply(err); err != nil {
			r.Monitor.Trouble(Trouble{Doing: "answer report", Err: err})
		}
	})
}
