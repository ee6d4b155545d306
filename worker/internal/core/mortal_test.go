package core_test

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

var (
	errDied = errors.New("the worker has died")
	errAway = errors.New("no answer came")
)

// fate is what becomes of a request.
type fate int

const (
	arrives    fate = iota
	lost            // it never arrived
	unanswered      // it arrived, and the answer was lost
)

// mortal stands between a worker and its ports. Once it has died nothing that
// the worker does has an effect; until then fate decides.
type mortal struct {
	died atomic.Bool
	fate func() fate // nil: every request arrives
	then func()      // after every request of the worker, before it goes on; nil: it goes on at once
}

// do makes a request.
func (m *mortal) do(request func() error) error {
	if m.then != nil {
		defer m.then()
	}
	return m.part(request)
}

// part makes one of the requests that are sent together.
func (m *mortal) part(request func() error) error {
	if m.died.Load() {
		return errDied
	}
	var f fate
	if m.fate != nil {
		f = m.fate()
	}
	if f == lost {
		return errAway
	}
	if err := request(); err != nil {
		return err
	}
	if f == unanswered {
		return errAway
	}
	return nil
}

// ports puts the mortal between the worker and p.
func (m *mortal) ports(p core.Ports) core.Ports {
	p.Queue = mortalQueue{m, p.Queue}
	p.Log = mortalLog{m, p.Log}
	p.Dead = mortalDead{m, p.Dead}
	p.States = mortalStates{m, p.States}
	executors := core.Executors{}
	for mode, executor := range p.Executors {
		executors[mode] = mortalExecutor{executor, m}
	}
	p.Executors = executors
	return p
}

type mortalQueue struct {
	*mortal
	queue core.Queue
}

func (q mortalQueue) Receive(ctx context.Context, limit int, sink func(core.Delivery)) error {
	return q.queue.Receive(ctx, limit, func(d core.Delivery) {
		d.Handle = mortalHandle{q.mortal, d.Handle}
		if !q.died.Load() {
			sink(d)
		}
	})
}

// mortalHandle does not say what became of a request: nobody waits for answers.
type mortalHandle struct {
	*mortal
	handle core.Handle
}

func (h mortalHandle) tell(request func() error) error {
	if err := h.do(request); !errors.Is(err, errAway) && !errors.Is(err, errDied) {
		return err
	}
	return nil
}

func (h mortalHandle) Ack() error { return h.tell(h.handle.Ack) }

// Extend always arrives, while the worker lives: a worker that cannot extend its
// deadlines is one that another takes for dead.
func (h mortalHandle) Extend() error {
	if h.died.Load() {
		return nil
	}
	return h.handle.Extend()
}

func (h mortalHandle) Retry(delay time.Duration) error {
	return h.tell(func() error { return h.handle.Retry(delay) })
}

type mortalLog struct {
	*mortal
	log core.ResultLog
}

// Append may die between two records.
func (l mortalLog) Append(ctx context.Context, records ...contract.Result) error {
	if l.then != nil {
		defer l.then()
	}
	for _, record := range records {
		if err := l.part(func() error { return l.log.Append(ctx, record) }); err != nil {
			return err
		}
	}
	return nil
}

func (l mortalLog) Progress(ctx context.Context, key, occurrence string, since time.Time) (p core.Progress, err error) {
	err = l.do(func() error { p, err = l.log.Progress(ctx, key, occurrence, since); return err })
	return p, err
}

type mortalDead struct {
	*mortal
	dead core.DeadLetters
}

func (d mortalDead) Put(ctx context.Context, letter contract.Dead) error {
	return d.do(func() error { return d.dead.Put(ctx, letter) })
}

type mortalStates struct {
	*mortal
	states core.States
}

func (s mortalStates) Load(ctx context.Context, name string) (state core.State, err error) {
	err = s.do(func() error { state, err = s.states.Load(ctx, name); return err })
	return state, err
}

func (s mortalStates) Store(ctx context.Context, name string, data []byte, revision uint64, ttl time.Duration) (r uint64, err error) {
	err = s.do(func() error { r, err = s.states.Store(ctx, name, data, revision, ttl); return err })
	return r, err
}

func (s mortalStates) Delete(ctx context.Context, name string, revision uint64) error {
	return s.do(func() error { return s.states.Delete(ctx, name, revision) })
}

type mortalExecutor struct {
	core.Executor
	mortal *mortal
}

func (e mortalExecutor) Execute(ctx context.Context, call core.Call) core.Answer {
	if e.mortal.died.Load() {
		return core.Answer{}
	}
	return e.Executor.Execute(ctx, call)
}

// startMortal runs a worker that dies when kill is called: it is not heard of
// again.
func (b *bench) startMortal(name string) (kill func()) {
	m := &mortal{}
	stop := b.run(name, m)
	return func() {
		m.died.Store(true)
		go stop() // what is left of it takes its time
	}
}
