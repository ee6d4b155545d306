package core

import (
	"context"
	"fmt"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	storeTimeout  = 5 * time.Second  // of one attempt to store a record
	storePatience = 25 * time.Second // how long storing is tried before the trigger is handed back; see fresh
)

// execute calls the executor of the call's mode. A panic there is the end of
// the occurrence, not of the worker: it would come again on every attempt.
func (r *run) execute(ctx context.Context, call Call) (answer Answer) {
	defer func() {
		if p := recover(); p != nil {
			r.Monitor.Trouble(Trouble{Doing: "execute", ID: call.ID, Key: call.Key, Err: fmt.Errorf("panic: %v", p)})
			answer = Answer{Verdict: Permanent, Class: contract.ErrorInvalid, Error: "the executor failed on this job"}
		}
	}()
	return r.Executors[call.Mode].Execute(ctx, call)
}

// store stores records of one occurrence.
func (w *Worker) store(ctx context.Context, records ...contract.Result) error {
	trouble := Trouble{Doing: "store record", ID: records[0].ID, Key: records[0].Key}
	err := w.persist(ctx, trouble, func(ctx context.Context) error { return w.Log.Append(ctx, records...) })
	if err == nil {
		w.tell(records...)
	}
	return err
}

func (w *Worker) tell(records ...contract.Result) {
	for _, record := range records {
		w.Monitor.Recorded(record)
	}
}

// bury keeps a dead letter.
func (w *Worker) bury(ctx context.Context, letter contract.Dead) error {
	trouble := Trouble{Doing: "keep dead letter", ID: letter.ID, Key: letter.Key}
	return w.persist(ctx, trouble, func(ctx context.Context) error { return w.Dead.Put(ctx, letter) })
}

// persist calls put, for storePatience if it fails, because the call that it
// is about would otherwise have to be repeated. When ctx has ended it tries once
// more and no longer.
func (w *Worker) persist(ctx context.Context, trouble Trouble, put func(context.Context) error) error {
	limit := w.Clock.Now().Add(storePatience)
	for n := 1; ; n++ {
		err := w.once(ctx, put)
		if err == nil {
			return nil
		}
		wait := Backoff(min(n, 3), w.Random.Fraction())
		if w.Clock.Now().Add(wait).After(limit) || w.Clock.Sleep(ctx, wait) != nil {
			trouble.Err = err
			w.Monitor.Trouble(trouble)
			return err
		}
	}
}

func (w *Worker) once(ctx context.Context, put func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	return put(ctx)
}
