package core

import (
	"github.com/weplanx/workflow/shared/contract"
)

// event runs an event. It blocks the source while as many are in the worker's
// hands as it may call at once. What was delivered before the worker stopped is
// still run, since nobody else has it.
func (r *run) event(e Event) {
	if !r.intake.acquire(r.work) {
		r.finish(e, r.refused(e, Answer{Class: contract.ErrorStopped, Error: "the worker stopped before the call"}))
		return
	}
	r.flights.Go(func() {
		defer r.intake.release()
		r.runEvent(e)
	})
}

func (r *run) runEvent(e Event) {
	message, err := contract.DecodeEvent(e.Data)
	if err == nil {
		err = r.checkEvent(e.Key, message.Mode)
	}
	if err != nil {
		record := r.refused(e, Answer{Class: contract.ErrorInvalid, Error: err.Error()})
		record.Mode = cut(message.Mode)
		r.finish(e, record)
		return
	}
	now := r.Clock.Now()
	call := Call{ID: r.eventID(), Key: e.Key, Mode: message.Mode, Scheduled: now, Attempt: 1, Option: message.Option}
	call.WebhookID = call.ID
	answer, s, made := r.callEvent(call)
	if !made {
		record := r.refused(e, answer)
		record.ID, record.Mode = call.ID, call.Mode
		r.finish(e, record)
		return
	}
	outcome := contract.OutcomeFailed // of a temporary failure too: events are not retried
	if answer.Verdict == Success {
		outcome = contract.OutcomeSuccess
	}
	record := attempted(call, now, s, answer, outcome, r.settings.Name)
	r.finish(e, record, concluded(record))
}

// callEvent makes the call, once there is a place at its target and a slot. An
// event cannot be handed back: where its target is not to be had soon it fails.
func (r *run) callEvent(call Call) (answer Answer, s span, made bool) {
	call.Plan = r.Executors[call.Mode].Plan(call.Option)
	place, _ := r.Targets.Enter(r.work, call.Plan.Target)
	switch {
	case place == nil && r.work.Err() == nil:
		return Answer{Class: contract.ErrorBusy, Error: "the target has as many calls as it may, or fails too often"}, s, false
	case place == nil || !r.gate.acquire(r.work):
		if place != nil {
			place(notMade)
		}
		return Answer{Class: contract.ErrorStopped, Error: "the worker stopped before the call"}, s, false
	}
	defer r.gate.release()
	answer, s = r.attempt(call, contract.DefaultTimeout)
	place(answer)
	return answer, s, true
}

func (r *run) checkEvent(key, mode string) error {
	if err := contract.CheckKey(key); err != nil {
		return err
	}
	if r.Executors[mode] == nil {
		return &contract.FieldError{Field: "mode", Problem: "is not one that this worker knows"}
	}
	return nil
}

// eventID names an event, told from an occurrence by its "-".
func (r *run) eventID() string { return contract.EventPrefix + r.Random.ID() }

// refused is the final record of an event that was not called.
func (r *run) refused(e Event, a Answer) contract.Result {
	now := r.Clock.Now().UTC()
	return contract.Result{
		Kind: contract.KindFinal, ID: r.eventID(), Key: e.Key, Scheduled: now, Due: now, Finished: now,
		Outcome: contract.OutcomeFailed, ErrorClass: a.Class, Error: a.Error, Worker: r.settings.Name,
	}
}

// finish stores the records of an event, of which the last is the final one, and
// answers its publisher. Under a key that cannot be one nothing is recorded:
// anybody may publish anything.
func (r *run) finish(e Event, records ...contract.Result) {
	final := records[len(records)-1]
	if err := contract.CheckKey(e.Key); err != nil {
		r.Monitor.Trouble(Trouble{Doing: "run event", ID: final.ID, Err: err})
	} else {
		_ = r.store(r.work, records...) // the monitor has been told
	}
	if e.Reply == nil {
		return
	}
	if err := e.Reply(final); err != nil {
		r.Monitor.Trouble(Trouble{Doing: "answer event", ID: final.ID, Key: cut(e.Key), Err: err})
	}
}
