package core_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const ackWait = 20 * time.Second

// half is core.Random whose fractions are all one half.
type half struct{ system.Random }

func (half) Fraction() float64 { return 0.5 }

// bench is a worker on fakes, inside a bubble of synctest.
type bench struct {
	t        *testing.T
	queue    *mem.Queue
	source   core.Queue // what the worker gets; nil: queue
	log      *mem.Log
	wrap     func(core.ResultLog) core.ResultLog // what the worker gets of log; nil: all of it
	dead     *mem.Dead
	states   *mem.States
	events   *mem.Events
	reports  *mem.Completions
	executor *mem.Executor
	targets  *mem.Targets
	monitor  *mem.Monitor
	settings core.Settings
	began    time.Time
	calls    int // of at
}

// in runs a test inside a bubble with a bench of its own.
func in(t *testing.T, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newBench(t)) })
}

func newBench(t *testing.T) *bench {
	return &bench{
		t: t, queue: mem.NewQueue(ackWait), log: mem.NewLog(), dead: mem.NewDead(), states: mem.NewStates(),
		events: mem.NewEvents(), reports: mem.NewCompletions(), executor: &mem.Executor{}, targets: &mem.Targets{},
		monitor: &mem.Monitor{}, began: time.Now(),
		settings: core.Settings{Name: "w1", Concurrency: 4, Grace: 10 * time.Second},
	}
}

func (b *bench) ports() core.Ports {
	source := b.source
	if source == nil {
		source = b.queue
	}
	var log core.ResultLog = b.log
	if b.wrap != nil {
		log = b.wrap(log)
	}
	return core.Ports{
		Queue: source, Log: log, Dead: b.dead, States: b.states, Targets: b.targets, Events: b.events, Reports: b.reports,
		Clock: system.Clock{}, Random: half{}, Monitor: b.monitor,
		Executors: core.Executors{contract.ModeHTTP: b.executor},
	}
}

// start runs a worker. stop ends it and waits; it runs at cleanup as well.
func (b *bench) start() (stop func()) { return b.run(b.settings.Name, &mortal{}) }

// run runs a worker of that name behind m, as start does.
func (b *bench) run(name string, m *mortal) (stop func()) { return b.runOn(name, m.ports(b.ports())) }

// runOn runs a worker of that name on those ports.
func (b *bench) runOn(name string, ports core.Ports) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	settings := b.settings
	settings.Name = name
	worker := core.New(settings, ports)
	go func() {
		defer close(done)
		worker.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	b.t.Cleanup(stop)
	return stop
}

// after lets d pass and everything settle.
func (b *bench) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// trigger is one of key that is due after in.
func (b *bench) trigger(key string, in time.Duration) contract.Trigger {
	at := time.Now().Add(in).UTC()
	return contract.Trigger{
		ID: contract.OccurrenceID("beta", key, 0, at), Key: key, Mode: contract.ModeHTTP,
		Scheduled: at, Due: at, Option: json.RawMessage(`{"url":"http://example.com/"}`),
	}
}

func (b *bench) put(t contract.Trigger) contract.Trigger {
	b.t.Helper()
	data, err := contract.Encode(t)
	if err != nil {
		b.t.Fatal(err)
	}
	b.queue.Put(t.Key, data)
	return t
}

// kinds lists the records of an occurrence as "kind outcome".
func (b *bench) kinds(id string) (list []string) {
	for _, r := range b.log.Records() {
		if r.ID == id {
			list = append(list, r.Kind+" "+r.Outcome)
		}
	}
	return list
}

// made lists when calls were made, since the begin of the test.
func (b *bench) made() (list []time.Duration) {
	for _, c := range b.executor.Calls() {
		list = append(list, c.At.Sub(b.began))
	}
	return list
}

// letters lists the dead letters as "outcome attempts class".
func (b *bench) letters() (list []string) {
	for _, d := range b.dead.Letters() {
		list = append(list, fmt.Sprint(d.Outcome, " ", d.Attempts, " ", d.ErrorClass))
	}
	return list
}

func (b *bench) wantCalls(n int) {
	b.t.Helper()
	if got := len(b.executor.Calls()); got != n {
		b.t.Errorf("got %d calls, want %d", got, n)
	}
}

func (b *bench) wantLeft(n int) {
	b.t.Helper()
	if got := b.queue.Len(); got != n {
		b.t.Errorf("got %d triggers left in the queue, want %d", got, n)
	}
}
