package core

import (
	"context"
	"fmt"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	storeTimeout  = 5 * time.Second  // of one attempt to store a record
	storePatience = 30 * time.Second // how long storing is tried before the trigger is handed back
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

// store stores a record, trying for storePatience because the call that it
// tells of would otherwise have to be repeated. When calls are being cut off it
// tries once more and no longer.
func (r *run) store(record contract.Result) error {
	id := RecordID(record)
	limit := r.Clock.Now().Add(storePatience)
	for n := 1; ; n++ {
		err := r.append(id, record)
		if err == nil {
			r.Monitor.Recorded(record)
			return nil
		}
		wait := Backoff(min(n, 3), r.Random.Fraction())
		if r.Clock.Now().Add(wait).After(limit) || r.Clock.Sleep(r.work, wait) != nil {
			r.Monitor.Trouble(Trouble{Doing: "store record", ID: record.ID, Key: record.Key, Err: err})
			return err
		}
	}
}

func (r *run) append(id string, record contract.Result) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.work), storeTimeout)
	defer cancel()
	return r.Log.Append(ctx, id, record)
}
