package core

import (
	"context"
	"sync"

	"github.com/weplanx/workflow/shared/contract"
)

// maxTogether is how many flights have their records stored at once.
const maxTogether = 1000

// recorder stores the records of flights whose calls have been made, and then
// ends them, without keeping a goroutine for each. One request to the log is
// under way at a time; what comes meanwhile goes with the next, so that the busier
// the worker is the less a record costs.
//
// Where storing them together fails each flight stores its own, as long as that
// takes: one record that the log refuses must not hold up the others.
type recorder struct {
	*run

	mu      sync.Mutex
	waiting []*flight
	busy    bool // a goroutine stores what waits; what follows is its own

	taken   []*flight         // memory for the next that wait
	records []contract.Result // memory for their records
}

// add takes over a flight.
func (r *recorder) add(f *flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, f)
	if !r.busy {
		r.busy = true
		r.flights.Go(r.work)
	}
}

// work stores until nothing waits.
func (r *recorder) work() {
	for all := r.take(); all != nil; all = r.take() {
		flights := r.timely(all)
		r.records = r.records[:0]
		for _, f := range flights {
			r.records = append(r.records, f.end, concluded(f.end))
		}
		if len(flights) > 0 {
			err := r.once(r.run.work, func(ctx context.Context) error { return r.Log.Append(ctx, r.records...) })
			for _, f := range flights {
				r.end(f, err)
			}
		}
		clear(all)
		clear(r.records)
	}
}

// take removes what waits, as much as may be stored at once.
func (r *recorder) take() []*flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		r.busy = false
		return nil
	}
	n := min(len(r.waiting), maxTogether)
	flights, rest := r.waiting[:n:n], r.waiting[n:]
	r.waiting, r.taken = append(r.taken[:0], rest...), flights
	clear(rest)
	return flights
}

// timely lets those flights settle by themselves that have waited so long that
// another worker may have been faster.
func (r *recorder) timely(flights []*flight) []*flight {
	timely := flights[:0]
	for _, f := range flights {
		if f.stale() {
			r.end(f, errStalled)
			continue
		}
		timely = append(timely, f)
	}
	return timely
}

// end ends a flight whose records were stored, or else has it store them.
func (r *recorder) end(f *flight, err error) {
	switch {
	case err != nil:
		r.flights.Go(func() { f.settleLate(err); f.land() })
	case f.seat != nil: // giving it up takes time
		r.flights.Go(func() { f.tell(f.end, concluded(f.end)); f.over(); f.land() })
	default:
		f.tell(f.end, concluded(f.end))
		f.over()
		f.land()
	}
}
