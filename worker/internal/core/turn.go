package core

import (
	"context"
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	// restMargin is how much longer than its delay a trigger may stay away that
	// was handed back while it had its turn.
	restMargin = time.Minute
	// The wait of those in the line: half a second for each that is before them,
	// since the turn passes on no faster, and at least a part of the time for which
	// the one that has it has run. All of it is far less than a place in the line
	// lasts.
	minQueueWait  = 500 * time.Millisecond
	maxFirstWait  = 5 * time.Second
	maxQueueWait  = 15 * time.Second
	partOfRunning = 4
)

// seat is an occurrence's part in the state of its job, whose occurrences must
// not overlap. Nil is that of a job whose occurrences may; what a flight does at
// its end may be done with it.
type seat struct {
	*Worker
	occurrence   string
	due, nominal time.Time

	changing sync.Mutex // guards cell, also while it is being changed
	cell     cell[job]

	mu    sync.Mutex // guards until
	until time.Time  // it has its turn until then; zero: it has not

	stop func() // ends prolonging, and waits for that
}

// newSeat is the seat of a trigger; nil: it needs none.
func newSeat(w *Worker, t *contract.Trigger) *seat {
	if t.Overlap != contract.OverlapSkip && t.Overlap != contract.OverlapQueue {
		return nil
	}
	return &seat{Worker: w, occurrence: t.ID, due: t.Due, nominal: t.Scheduled, cell: cell[job]{name: jobName(t.Key, t.Index)}}
}

// take waits in the queue, or skips, while another occurrence of the job runs.
func (f *flight) take() bool {
	if f.seat == nil {
		return true
	}
	begun := f.last.Attempt > 0 // it ran first; what runs now has passed it over
	t, err := f.seat.ask(f.work, begun || f.trigger.Overlap == contract.OverlapQueue)
	switch {
	case err != nil:
		f.trouble("take turn", err)
		f.handBack("states not available", f.backoff())
	case t.granted:
		f.seat.prolongs(f.work)
		return true
	case begun || f.trigger.Overlap == contract.OverlapQueue:
		f.handBack("occurrence "+t.behind+" goes first", queueWait(t))
	default:
		f.finish(uncalled(&f.trigger, contract.OutcomeSkipped, "occurrence "+t.behind+" of the job runs", f.Clock.Now(), f.settings.Name))
	}
	return false
}

// queueWait is when an occurrence in the line is to ask again.
func queueWait(t turn) time.Duration {
	wait := max(time.Duration(t.position+1)*minQueueWait, min(t.runs/partOfRunning, maxFirstWait))
	return min(wait, maxQueueWait)
}

// ask asks for the turn; with wait it gets into the line otherwise.
func (s *seat) ask(ctx context.Context, wait bool) (t turn, err error) {
	var until time.Time
	err = s.update(ctx, func(j job, now time.Time) (changed job, is bool) {
		until = now.Add(s.settings.Turn)
		changed, t, is = j.ask(place{s.occurrence, s.due, s.nominal, until}, wait, now)
		return changed, is
	})
	if err == nil && t.granted {
		s.set(until)
	}
	return t, err
}

// prolong keeps the turn for d, if the occurrence has it. It is gone when another
// has taken it meanwhile, since it was not prolonged in time.
func (s *seat) prolong(ctx context.Context, d time.Duration) error {
	if s.end().IsZero() {
		return nil
	}
	until, err := s.reserve(ctx, d)
	if err == nil {
		s.set(until)
	}
	return err
}

// reserve is prolong for an occurrence that may have been given its turn in
// another worker. It returns until when it lasts at least; zero: it is gone.
func (s *seat) reserve(ctx context.Context, d time.Duration) (until time.Time, err error) {
	var still bool
	err = s.update(ctx, func(j job, now time.Time) (changed job, is bool) {
		until = now.Add(d)
		changed, still = j.prolong(s.occurrence, until)
		return changed, still && !changed.Until.Equal(j.Until)
	})
	if !still {
		until = time.Time{}
	}
	return until, err
}

// update changes the state of the job.
func (s *seat) update(ctx context.Context, decide func(j job, now time.Time) (changed job, is bool)) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	return s.cell.change(ctx, s.Worker, func(j job) (job, next, time.Duration) {
		now := s.Clock.Now()
		changed, is := decide(j, now)
		if !is {
			return j, keep, 0
		}
		return changed.next(now)
	})
}

func (s *seat) set(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = until
}

// end is when the turn ends if it is not prolonged.
func (s *seat) end() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.until
}

// prolongs prolongs the turn until stop is called.
func (s *seat) prolongs(ctx context.Context) {
	s.still()
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	s.stop = func() { cancel(); <-done }
	go func() {
		defer close(done)
		for s.Clock.Sleep(ctx, s.settings.Turn/4) == nil {
			if err := s.prolong(ctx, s.settings.Turn); err != nil {
				s.Monitor.Trouble(Trouble{Doing: "prolong turn", ID: s.occurrence, Err: err})
			}
		}
	}()
}

// has says whether the occurrence certainly has its turn, for a call now.
func (s *seat) has() bool { return s == nil || s.Clock.Now().Before(s.end()) }

// still stops prolonging.
func (s *seat) still() {
	if s != nil && s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// rest keeps the turn while the trigger is away for d, if it has it.
func (s *seat) rest(ctx context.Context, d time.Duration) error {
	if s == nil {
		return nil
	}
	s.still()
	return s.prolong(ctx, max(d, 0)+restMargin)
}

// wait keeps the turn for d, whoever has got it, and leaves it to whoever gets
// the trigger next.
func (s *seat) wait(ctx context.Context, d time.Duration) error {
	if s == nil {
		return nil
	}
	s.still()
	s.set(time.Time{})
	_, err := s.reserve(ctx, d+restMargin)
	return err
}

// leave gives the seat up, because the occurrence has ended.
func (s *seat) leave(ctx context.Context) error {
	if s == nil {
		return nil
	}
	s.still()
	s.set(time.Time{})
	return s.update(ctx, func(j job, _ time.Time) (job, bool) { return j.end(s.occurrence) })
}
