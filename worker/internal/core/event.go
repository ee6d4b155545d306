package core

import (
	"github.com/weplanx/workflow/shared/contract"
)

// event runs an event as soon as there is a slot; until then it blocks the
// source. What was delivered before the worker stopped is still run, since
// nobody else has it.
func (r *run) event(e Event) {
	if !r.gate.acquire(r.work) {
		r.finish(e, r.refused(e, Answer{Class: contract.ErrorStopped, Error: "the worker stopped before the call"}))
		return
	}
	r.flights.Go(func() {
		defer r.gate.release()
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
	call := Call{ID: r.Random.ID(), Key: e.Key, Mode: message.Mode, Scheduled: now, Attempt: 1, Option: message.Option}
	call.WebhookID = call.ID
	answer, s := r.attempt(call, contract.DefaultTimeout)
	outcome := contract.OutcomeFailed // of a temporary failure too: events are not retried
	if answer.Verdict == Success {
		outcome = contract.OutcomeSuccess
	}
	record := attempted(call, now, s, answer, outcome, r.settings.Name)
	_ = r.store(r.work, record) // the monitor has been told, and the final record may yet succeed
	r.finish(e, concluded(record))
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

// refused is the final record of an event that was not called.
func (r *run) refused(e Event, a Answer) contract.Result {
	now := r.Clock.Now().UTC()
	return contract.Result{
		Kind: contract.KindFinal, ID: r.Random.ID(), Key: e.Key, Scheduled: now, Due: now, Finished: now,
		Outcome: contract.OutcomeFailed, ErrorClass: a.Class, Error: a.Error, Worker: r.settings.Name,
	}
}

// finish records the end of an event and answers its publisher. Under a key
// that cannot be one nothing is recorded: anybody may publish anything.
func (r *run) finish(e Event, final contract.Result) {
	if err := contract.CheckKey(e.Key); err != nil {
		r.Monitor.Trouble(Trouble{Doing: "run event", ID: final.ID, Err: err})
	} else {
		_ = r.store(r.work, final) // the monitor has been told
	}
	if e.Reply == nil {
		return
	}
	if err := e.Reply(final); err != nil {
		r.Monitor.Trouble(Trouble{Doing: "answer event", ID: final.ID, Key: cut(e.Key), Err: err})
	}
}
