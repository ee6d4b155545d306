package core

import (
	"context"
	"errors"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	// maxHold is the longest a trigger is held; it is far less than the queue
	// waits for an acknowledgement.
	maxHold = 5 * time.Second
	// holdLead is how long before it is due such a trigger is to come again.
	holdLead = 2 * time.Second
	// suspicious is how late a first delivery makes one ask the log.
	suspicious = 30 * time.Second
	// slack is by how much the clocks of those who write records may differ.
	slack = time.Minute
	// newerDelay is after what time a trigger that is too new comes again.
	newerDelay = 30 * time.Second
)

// flight is a delivery in the worker's hands.
type flight struct {
	*run
	delivery Delivery
	trigger  contract.Trigger
}

// fly takes the delivery from its arrival to its acknowledgement, or hands it
// back.
func (f *flight) fly() {
	defer f.gate.leave()
	var err error
	f.trigger, err = read(f.delivery, f.Executors)
	switch now := f.Clock.Now(); {
	case errors.Is(err, contract.ErrNewer):
		f.handBack("written by a newer version", newerDelay)
	case err != nil:
		f.settle(poison(f.delivery, &f.trigger, err, now, f.settings.Name))
	case f.trigger.Mode == contract.ModeMissed:
		f.settle(missed(&f.trigger, now, f.settings.Name))
	case f.hold(now) && !f.ended():
		f.call()
	}
}

// hold waits until the trigger is due. When it returns false the delivery has
// been handed back.
func (f *flight) hold(now time.Time) bool {
	wait := f.trigger.Due.Sub(now)
	if wait > maxHold {
		f.handBack("not due yet", min(wait-holdLead, MaxBackoff))
		return false
	}
	if wait > 0 {
		f.gate.park()
		_ = f.Clock.Sleep(f.stop, wait) // why it ended is asked below
		f.gate.unpark()
	}
	if f.stop.Err() != nil {
		f.handBack("worker stops", 0)
		return false
	}
	return true
}

// ended acknowledges a trigger whose occurrence has ended already, which is
// looked up when another worker may have run it.
func (f *flight) ended() bool {
	t := &f.trigger
	if f.delivery.Count <= 1 && f.Clock.Now().Sub(t.Due) <= suspicious {
		return false
	}
	ctx, cancel := context.WithTimeout(f.work, storeTimeout)
	defer cancel()
	found, err := f.Log.Final(ctx, t.Key, t.ID, t.Due.Add(-slack))
	switch {
	case err != nil:
		f.Monitor.Trouble(Trouble{Doing: "look up final record", ID: t.ID, Key: t.Key, Err: err})
		f.handBack("log not available", f.backoff())
		return true
	case found:
		f.ack()
		return true
	}
	return false
}

// call makes one attempt as soon as there is a slot, and records it.
func (f *flight) call() {
	if !f.gate.acquire(f.stop) {
		f.handBack("worker stops", 0)
		return
	}
	t := &f.trigger
	call := Call{
		ID: t.ID, Key: t.Key, Index: t.Index, Mode: t.Mode, Scheduled: t.Scheduled,
		Attempt: f.delivery.Count, Option: t.Option, WebhookID: webhookID(t),
	}
	answer, s := f.attempt(call, timeout(t))
	f.gate.release()
	decision := Decide(answer, call.Attempt, f.Random.Fraction())
	record := attempted(call, t.Due, s, answer, decision.Outcome, f.settings.Name)
	if decision.Final {
		f.settle(record, concluded(record))
		return
	}
	// The trigger stays in the queue, so a record of the attempt that cannot
	// be stored is the only loss.
	if f.store(record) == nil && answer.Class == contract.ErrorStopped {
		f.handBack("worker stops", 0)
		return
	}
	f.handBack("attempt failed", decision.Delay)
}

// settle stores the records that account for the trigger and only then
// acknowledges it.
func (f *flight) settle(records ...contract.Result) {
	for _, record := range records {
		if f.store(record) != nil {
			f.handBack("record not stored", f.backoff())
			return
		}
	}
	f.ack()
}

// webhookID is what the target takes for the occurrence's ID.
func webhookID(t *contract.Trigger) string {
	if t.Origin != "" {
		return t.Origin
	}
	return t.ID
}

func (f *flight) backoff() time.Duration {
	return Backoff(f.delivery.Count, f.Random.Fraction())
}

func (f *flight) ack() {
	f.keeper.remove(f.delivery.Handle)
	if err := f.delivery.Handle.Ack(); err != nil {
		f.trouble("acknowledge", err)
	}
}

// handBack has the trigger delivered again. One that is wanted at once, since
// the worker stops, waits until this worker cannot be who gets it.
func (f *flight) handBack(reason string, delay time.Duration) {
	if delay <= 0 {
		<-f.halted.Done()
	}
	f.keeper.remove(f.delivery.Handle)
	if err := f.delivery.Handle.Retry(delay); err != nil {
		f.trouble("hand back", err)
		return
	}
	f.Monitor.Returned(f.trigger.ID, f.delivery.Key, reason, delay)
}

func (f *flight) trouble(doing string, err error) {
	f.Monitor.Trouble(Trouble{Doing: doing, ID: f.trigger.ID, Key: f.delivery.Key, Err: err})
}
