package core

import (
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
	// newerDelay is after what time a trigger that is too new comes again, and
	// newerPatience how long a worker that understands it is waited for.
	newerDelay    = 30 * time.Second
	newerPatience = 24 * time.Hour
	// lastBackoff is the attempt whose backoff bounds the wait for a store that
	// failed: 16 s.
	lastBackoff = 5
)

// flight is a delivery in the worker's hands.
type flight struct {
	*run
	delivery Delivery
	trigger  contract.Trigger

	taken time.Time       // when it came
	last  contract.Result // the last attempt that counts; zero: there is none
	asked time.Time       // when nobody else had run it for certain
	seat  *seat           // in the state of a job whose occurrences must not overlap
	plan  Plan            // of the call
	place func(Answer)    // at the target; to be given back once

	recording bool            // the call has been made; counted so at the gate
	end       contract.Result // the attempt that ended it, if the recorder is to store that and end the flight
}

// ReasonBusy is why a trigger is handed back for which its target has no place.
const ReasonBusy = "target busy"

// notMade gives a place at a target back without a call.
var notMade = Answer{Class: contract.ErrorStopped}

// fly takes the delivery from its arrival to its acknowledgement, or hands it
// back. A stage that returns false has done one of the two.
func (f *flight) fly() {
	defer func() {
		if f.end.Outcome == "" {
			f.land()
		}
	}()
	f.taken = f.Clock.Now()
	f.asked = f.taken
	if stored := f.delivery.Stored; !stored.IsZero() && stored.Before(f.asked) {
		f.asked = stored
	}
	for _, stage := range []func() bool{f.decode, f.hold, f.resume, f.punctual, f.take, f.enter, f.call} {
		if !stage() {
			return
		}
	}
}

// land ends the flight.
func (f *flight) land() {
	f.seat.still()
	f.gate.leave(f.recording)
}

// decode reads the trigger and settles what is not to be called.
func (f *flight) decode() bool {
	var err error
	f.trigger, err = read(f.delivery, f.Executors)
	newer := errors.Is(err, contract.ErrNewer) && f.Clock.Now().Sub(f.delivery.Stored) < newerPatience
	switch {
	case newer:
		f.handBack("written by a newer version", newerDelay)
	case err != nil:
		f.poisoned(err)
	case f.trigger.Mode == contract.ModeMissed:
		f.missed()
	default:
		f.seat = newSeat(f.Worker, &f.trigger)
		return true
	}
	return false
}

// hold waits until the trigger is due.
func (f *flight) hold() bool {
	wait := f.trigger.Due.Sub(f.Clock.Now())
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

// punctual ends an occurrence whose first attempt would start too late.
func (f *flight) punctual() bool {
	limit, now := deadline(&f.trigger), f.Clock.Now()
	if f.last.Attempt > 0 || now.Sub(f.trigger.Due) <= limit {
		return true
	}
	f.finish(uncalled(&f.trigger, contract.OutcomeExpired, "not started within "+limit.String(), now, f.settings.Name))
	return false
}

// enter waits for a place at the target, as long as one is expected soon. No
// slot is held meanwhile, and the delivery does not count as active, so that a
// target that hangs keeps the worker from nothing else.
func (f *flight) enter() bool {
	f.plan = f.Executors[f.trigger.Mode].Plan(f.trigger.Option)
	var again time.Duration
	f.gate.queue()
	f.place, again = f.Targets.Enter(f.stop, f.plan.Target)
	f.gate.unqueue()
	switch {
	case f.place != nil:
		return true
	case f.stop.Err() != nil:
		f.handBack("worker stops", 0)
	default:
		f.handBack(ReasonBusy, f.busyWait(again))
	}
	return false
}

// busyWait is when a call is to ask again for a place at its target: not before
// it was told to, and the rarer the longer it has waited, since many that come
// again often burden the queue for all.
func (f *flight) busyWait(again time.Duration) time.Duration {
	since := f.trigger.Due
	if f.last.Finished.After(since) {
		since = f.last.Finished
	}
	waited := f.Clock.Now().Sub(since)
	return min(max(again, waited/8, backoffFloor), MaxBackoff)
}

// call makes one attempt as soon as there is a slot.
func (f *flight) call() bool {
	if !f.gate.acquire(f.stop) {
		f.place(notMade)
		f.handBack("worker stops", 0)
		return false
	}
	m, ok := f.try()
	f.gate.release()
	if ok {
		f.gate.record()
		f.recording = true
		f.account(m)
	}
	return ok
}

// made is an attempt that was made.
type made struct {
	call   Call
	answer Answer
	span   span
}

// try makes the attempt, unless so much time has passed that it must not be
// made any more.
func (f *flight) try() (m made, ok bool) {
	if f.stale() && !f.consult() || !f.punctual() || !f.seat.has() && !f.take() {
		f.place(notMade)
		return m, false
	}
	t := &f.trigger
	m.call = Call{
		ID: t.ID, Key: t.Key, Index: t.Index, Mode: t.Mode, Scheduled: t.Scheduled,
		Attempt: f.last.Attempt + 1, Option: t.Option, Plan: f.plan, WebhookID: webhookID(t), Token: f.mint.Load().token(t.ID),
		Taken: f.taken, Attempts: attempts(t),
	}
	m.answer, m.span = f.attempt(m.call, timeout(t))
	f.place(m.answer)
	return m, true
}

// account records an attempt and does what follows from it.
func (f *flight) account(m made) {
	if f.stale() {
		if !f.recheck() {
			return // another worker was faster; its records hold
		}
		m.call.Attempt = f.last.Attempt + 1
	}
	decision := Decide(m.answer, m.call.Attempt, attempts(&f.trigger), f.Random.Fraction())
	record := attempted(m.call, f.trigger.Due, m.span, m.answer, decision.Outcome, f.settings.Name)
	if m.answer.Accepted && decision.Outcome == contract.OutcomeSuccess {
		record.Reason = contract.ReasonOpen
	}
	if decision.Final && !isOpen(record) && !isDead(decision.Outcome) {
		f.end = record
		f.recorder.add(f)
		return
	}
	err := f.store(f.work, record)
	switch {
	case decision.Final && err != nil:
		f.handBack("record not stored", f.backoff())
	case isOpen(record):
		f.await(record)
	case decision.Final:
		f.finish(concluded(record))
	case m.answer.Class == contract.ErrorStopped:
		f.handBack("worker stops", 0)
	default: // the trigger stays in the queue: only the record can be lost
		f.handBack("attempt failed", decision.Delay)
	}
}

// webhookID is what the target takes for the occurrence's ID.
func webhookID(t *contract.Trigger) string {
	if t.Origin != "" {
		return t.Origin
	}
	return t.ID
}

// backoff is how long to wait for a store that failed.
func (f *flight) backoff() time.Duration {
	return Backoff(min(f.delivery.Count, lastBackoff), f.Random.Fraction())
}

// over acknowledges the trigger of an occurrence that has ended. The seat is
// given up before, because nobody would come back to do that.
func (f *flight) over() {
	if err := f.seat.leave(f.work); err != nil {
		f.trouble("end turn", err)
		f.handBack("states not available", f.backoff())
		return
	}
	f.ack()
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
	if err := f.seat.rest(f.work, delay); err != nil {
		f.trouble("keep turn", err)
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
