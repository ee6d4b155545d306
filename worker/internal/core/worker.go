package core

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Settings of a worker. Name and Concurrency must be set.
type Settings struct {
	Name        string        // in the records
	Concurrency int           // calls at once, from 1
	MaxHeld     int           // triggers held until they are due, or waiting for their target; 0: 8192
	Grace       time.Duration // for calls under way when the worker stops; 0: none
	Extend      time.Duration // how often deadlines are extended, well below the queue's; 0: 5 s
	Turn        time.Duration // how long a job is kept for a worker that is not heard of, above the queue's deadline; 0: 30 s
}

const (
	defaultMaxHeld = 8192
	defaultExtend  = 5 * time.Second
	defaultTurn    = 30 * time.Second
	pause          = time.Second // before a queue that failed is asked again
)

// Ports are what a worker works with.
type Ports struct {
	Queue     Queue
	Log       ResultLog
	Dead      DeadLetters
	States    States
	Executors Executors
	Targets   Targets
	Events    EventSource
	Reports   CompletionSource
	Clock     Clock
	Random    Random
	Monitor   Monitor
}

// Worker runs triggers and events.
type Worker struct {
	Ports
	settings Settings
	mint     atomic.Pointer[mint] // of the tokens; nil: its key is not known yet
	entry    atomic.Pointer[gate] // of the last Run; nil: there was none
}

// New makes a worker. It starts nothing.
func New(settings Settings, ports Ports) *Worker {
	if settings.MaxHeld == 0 {
		settings.MaxHeld = defaultMaxHeld
	}
	if settings.Extend == 0 {
		settings.Extend = defaultExtend
	}
	if settings.Turn == 0 {
		settings.Turn = defaultTurn
	}
	return &Worker{Ports: ports, settings: settings}
}

// run is one Run of a worker. Its contexts end one after the other.
type run struct {
	*Worker
	gate     *gate
	intake   semaphore // events in the worker's hands
	desk     semaphore // reports in the worker's hands
	keeper   *keeper
	recorder *recorder

	stop   context.Context // no new calls
	halted context.Context // the queue has delivered the last
	work   context.Context // calls under way are cut off

	flights *crew // deliveries, events and reports in the worker's hands
}

// Run works until ctx ends, then stops as the package comment says, and returns
// when everything has been finished or handed back. That takes the grace
// period at most, plus what storing the last records takes.
func (w *Worker) Run(ctx context.Context) {
	after := context.WithoutCancel(ctx)
	halted, halt := context.WithCancel(after)
	work, cut := context.WithCancelCause(after)
	keep, rest := context.WithCancel(after)
	defer rest()
	defer cut(nil)
	r := &run{
		Worker: w, stop: ctx, halted: halted, work: work,
		gate:    newGate(w.settings.Concurrency, w.settings.MaxHeld),
		flights: newCrew(2 * w.settings.Concurrency),
		intake:  make(semaphore, w.settings.Concurrency),
		desk:    make(semaphore, maxReports),
		keeper:  &keeper{clock: w.Clock, monitor: w.Monitor, interval: w.settings.Extend, kept: map[Handle]time.Time{}},
	}
	r.recorder = &recorder{run: r}
	w.entry.Store(r.gate)
	var loops, background sync.WaitGroup
	loops.Go(func() { defer halt(); r.pull() })
	loops.Go(r.listen)
	loops.Go(r.hear)
	background.Go(func() { r.keeper.run(keep) })
	background.Go(func() { r.limit(keep, cut) })
	loops.Wait()
	r.flights.Wait()
	rest()
	background.Wait()
}

// limit cuts off the calls that outlast the grace period.
func (r *run) limit(ctx context.Context, cut context.CancelCauseFunc) {
	select {
	case <-r.stop.Done():
	case <-ctx.Done():
		return
	}
	if r.Clock.Sleep(ctx, r.settings.Grace) == nil {
		cut(ErrStopped)
	}
}

// pull asks the queue for as much as there is room for, until the worker stops.
// It begins when calls can be given their tokens.
func (r *run) pull() {
	for r.stop.Err() == nil {
		_, err := r.tokens(r.stop)
		if err == nil {
			break
		}
		r.Monitor.Trouble(Trouble{Doing: "read the key of tokens", Err: err})
		_ = r.Clock.Sleep(r.stop, pause)
	}
	for {
		room := r.gate.room(r.stop, r.Clock)
		if room == 0 {
			return
		}
		err := r.Queue.Receive(r.stop, room, r.accept)
		if err != nil && r.stop.Err() == nil {
			r.Monitor.Trouble(Trouble{Doing: "receive triggers", Err: err})
			_ = r.Clock.Sleep(r.stop, pause)
		}
	}
}

// accept takes a delivery into the worker's hands.
func (r *run) accept(d Delivery) {
	r.gate.enter()
	r.keeper.add(d.Handle)
	f := &flight{run: r, delivery: d}
	r.flights.Go(f.fly)
}

// listen takes events until the worker stops.
func (r *run) listen() {
	for r.stop.Err() == nil {
		err := r.Events.Receive(r.stop, r.event)
		if err != nil && r.stop.Err() == nil {
			r.Monitor.Trouble(Trouble{Doing: "receive events", Err: err})
			_ = r.Clock.Sleep(r.stop, pause)
		}
	}
}

// hear takes reports of completions until the worker stops.
func (r *run) hear() {
	for r.stop.Err() == nil {
		err := r.Reports.Receive(r.stop, r.report)
		if err != nil && r.stop.Err() == nil {
			r.Monitor.Trouble(Trouble{Doing: "receive completions", Err: err})
			_ = r.Clock.Sleep(r.stop, pause)
		}
	}
}

// attempt makes one call, limited by timeout, and contains what goes wrong in
// its executor.
func (r *run) attempt(call Call, timeout time.Duration) (answer Answer, s span) {
	ctx, cancel := context.WithTimeout(r.work, timeout)
	defer cancel()
	r.Monitor.Started(call)
	s.started = r.Clock.Now()
	answer = r.execute(ctx, call)
	s.finished = r.Clock.Now()
	if answer.Verdict == Temporary && context.Cause(ctx) == ErrStopped { //nolint:errorlint // the cause we gave
		answer = Answer{Class: contract.ErrorStopped, Error: ErrStopped.Error()}
	}
	return answer, s
}
