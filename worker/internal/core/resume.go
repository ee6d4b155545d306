package core

import (
	"context"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	// suspicious is how late a first delivery makes one ask the log, even where it
	// was stored late.
	suspicious = 30 * time.Second
	// slack is by how much the clocks of those who write records may differ.
	slack = time.Minute
	// fresh is how long after a trigger was stored, or the log was asked, it holds
	// that nobody else has run it: less than the queue waits for a worker that is
	// not heard of, clocks that differ allowed for. With what storing takes at most
	// (three times storePatience and storeTimeout, or two requests of the recorder
	// and then once) it stays below the two minutes
	// for which the log drops a second record of a name.
	fresh = 15 * time.Second
	// maxPause is how long after an attempt the next one must begin. It is far
	// less than the log keeps records, whose number would otherwise be lost.
	maxPause = 24 * time.Hour
	// resentWithin is for how long a dead letter that is sent again twice is run
	// once. It bounds what has to be read of the log.
	resentWithin = time.Hour
	// openAfter is from how late on a completion is looked for that the trigger may
	// wait for, unless its job gives it less. Before that the log, which has little
	// to be read then, knows it as well.
	openAfter = time.Minute
)

// resume asks what has become of an occurrence that another worker may have run,
// or that was sent again. One that waits for its completion may do so for days,
// and what the log has stored of its key meanwhile may be more than can be read
// at once: therefore its state is asked for first, which tells all of it.
func (f *flight) resume() bool {
	again, late := f.delivery.Count > 1, f.Clock.Now().Sub(f.trigger.Due)
	limit := time.Duration(f.trigger.Completion)
	switch {
	case again && (late > openAfter || limit > 0 && limit <= openAfter) && f.waits():
		return false
	case again, late > suspicious, f.trigger.Origin != "", f.stale():
		return f.consult()
	}
	return true
}

// stale: the queue may have given the trigger to another meanwhile. That is
// counted from when it was stored, not from when it came: what a worker finds on
// its connection when it resumes after a stall was sent to it long before.
func (f *flight) stale() bool { return !f.isFresh(f.asked) }

func (w *Worker) isFresh(known time.Time) bool { return w.Clock.Now().Sub(known) <= fresh }

// superseded looks for an end that another worker may have recorded since began,
// and deals with it.
func (f *flight) superseded(id, key string, began time.Time) bool {
	now := f.Clock.Now()
	p, err := f.progress(id, key, began)
	switch {
	case err != nil:
		f.handBack("log not available", f.backoff())
		return true
	case p.Ended:
		f.over()
		return true
	}
	f.asked = now
	return false
}

// since is a time at or before the occurrence's first record. What is sent again
// is due when that was asked for: a second request for the same letter, whose
// first may have been lost on its way back, is told from it for an hour.
func since(t *contract.Trigger) time.Time {
	if t.Origin == "" || t.Scheduled.After(t.Due) {
		return t.Due
	}
	if earliest := t.Due.Add(-resentWithin); t.Scheduled.Before(earliest) {
		return earliest
	}
	return t.Scheduled
}

// consult asks the log how far the occurrence has come. It returns true when
// it is to be called; everything else it deals with.
func (f *flight) consult() bool {
	now := f.Clock.Now()
	p, err := f.progress(f.trigger.ID, f.trigger.Key, since(&f.trigger))
	if err != nil {
		f.handBack("log not available", f.backoff())
		return false
	}
	return f.react(p, now)
}

// recheck is consult after a call, whose result is worth waiting for the log.
func (f *flight) recheck() bool {
	var p Progress
	now, trouble := f.Clock.Now(), Trouble{Doing: "look up records", ID: f.trigger.ID, Key: f.trigger.Key}
	err := f.persist(f.work, trouble, func(ctx context.Context) (err error) {
		now = f.Clock.Now()
		p, err = f.Log.Progress(ctx, f.trigger.Key, f.trigger.ID, since(&f.trigger).Add(-slack))
		return err
	})
	if err != nil {
		f.handBack("log not available", f.backoff())
		return false
	}
	return f.react(p, now)
}

// react does what follows from what the log held at that time.
func (f *flight) react(p Progress, asked time.Time) bool {
	if p.Ended {
		f.over()
		return false
	}
	f.asked = asked
	if isOpen(p.Last) {
		f.await(p.Last)
		return false
	}
	if end := f.ended(p.Last, asked); end.Outcome != "" {
		f.finish(concluded(end))
		return false
	}
	f.last = p.Last
	forgotten := f.last.Attempt == 0 && asked.Sub(f.trigger.Due) >= maxPause
	return !forgotten || !f.waits()
}

// ended returns the attempt that was the last one, as it should have been
// recorded. Without an outcome: there will be another.
func (f *flight) ended(last contract.Result, now time.Time) contract.Result {
	switch {
	case last.Attempt == 0:
		return contract.Result{}
	case last.Outcome != contract.OutcomeRetry:
		return last // its worker died before the final record
	case last.Attempt >= attempts(&f.trigger):
		last.Outcome = contract.OutcomeDead
		return last
	case now.Sub(last.Finished) > maxPause:
		last.Outcome, last.Reason = contract.OutcomeDead, "no further attempt could be made within "+maxPause.String()
		return last
	}
	return contract.Result{}
}

// progress asks the log; began is a time at or before the occurrence's first
// record.
func (f *flight) progress(id, key string, began time.Time) (Progress, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(f.work), storeTimeout)
	defer cancel()
	p, err := f.Log.Progress(ctx, key, id, began.Add(-slack))
	if err != nil {
		f.Monitor.Trouble(Trouble{Doing: "look up records", ID: id, Key: key, Err: err})
	}
	return p, err
}
