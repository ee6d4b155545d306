package prommon

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weplanx/workflow/shared/metrics"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Sources are what the gauges are read from. All are safe for concurrent use, and
// all but Queue are quick.
type Sources struct {
	Ready   func() bool
	Load    func() core.Load
	Targets func() Targets
	// Queue asks the server. It is called once in some seconds, however often
	// metrics are collected.
	Queue func(context.Context) (Queue, error)
}

// Targets are what calls are made to.
type Targets struct {
	Known   int // that are remembered
	Barred  int // whose calls are put off because they fail
	Waiting int // calls that wait for a place
}

// Queue is what waits at the server, for all workers of the namespace.
type Queue struct {
	Pending        uint64 // triggers that were not handed out yet
	Unacknowledged uint64 // triggers that were handed out, or handed back to come again later
	Bytes          uint64 // of the trigger stream
	MaxBytes       uint64 // that it may have; 0: no limit
	Dead           uint64 // letters that are kept
}

const (
	// queueAge is for how long an answer of the server holds, a failure as well.
	queueAge = 5 * time.Second
	// queueTimeout bounds the wait for it: what else is collected waits as well.
	queueTimeout = 2 * time.Second
)

// Watch has the gauges read from sources, none of which may be nil.
func (m *Monitor) Watch(sources Sources) { m.sources.Store(&sources) }

// state is what is read at once for the gauges that are always there.
type state struct {
	ready   bool
	load    core.Load
	targets Targets
}

func (m *Monitor) read() (s state, ok bool) {
	if from := m.sources.Load(); from != nil {
		s = state{from.Ready(), from.Load(), from.Targets()}
	}
	return s, true
}

func (m *Monitor) gauges(labels prometheus.Labels) metrics.Group {
	var r recent
	waiting := func() (Queue, bool) {
		from := m.sources.Load()
		if from == nil {
			return Queue{}, false
		}
		return r.read(from.Queue)
	}
	return metrics.Group{metrics.Gauges(labels, m.read, own...), metrics.Gauges(labels, waiting, queue...)}
}

var own = []metrics.Gauge[state]{
	{
		Name: "worker_ready", Help: "1 when the worker can receive triggers, as /readyz says; 0 otherwise.",
		Value: func(s state) float64 { return metrics.Bool(s.ready) },
	},
	{
		Name: "worker_concurrency", Help: "Calls that the worker makes at once, at most.",
		Value: func(s state) float64 { return float64(s.load.Concurrency) },
	},
	{
		Name: "worker_in_flight_calls", Help: "Calls that are being made.",
		Value: func(s state) float64 { return float64(s.load.Calls) },
	},
	{
		Name: "worker_active_triggers", Help: "Triggers in the worker's hands that are due: called, or waiting for a slot.",
		Value: func(s state) float64 { return float64(s.load.Active) },
	},
	{
		Name: "worker_held_triggers", Help: "Triggers in the worker's hands that are not due yet.",
		Value: func(s state) float64 { return float64(s.load.Held) },
	},
	{
		Name: "worker_recorded_triggers", Help: "Triggers in the worker's hands whose call has been made and is being recorded.",
		Value: func(s state) float64 { return float64(s.load.Recorded) },
	},
	{
		Name: "worker_known_targets", Help: "Hosts and ports that were called lately.",
		Value: func(s state) float64 { return float64(s.targets.Known) },
	},
	{
		Name: "worker_open_breakers", Help: "Of those, how many fail, so that their calls are put off.",
		Value: func(s state) float64 { return float64(s.targets.Barred) },
	},
	{
		Name: "worker_waiting_calls", Help: "Calls that wait for a place at their target.",
		Value: func(s state) float64 { return float64(s.targets.Waiting) },
	},
}

var queue = []metrics.Gauge[Queue]{
	{
		Name: "worker_queue_pending_triggers", Help: "Triggers of the namespace that no worker has got yet.",
		Value: func(q Queue) float64 { return float64(q.Pending) },
	},
	{
		Name: "worker_queue_unacknowledged_triggers", Help: "Triggers of the namespace in the hands of workers, or handed back to come again later.",
		Value: func(q Queue) float64 { return float64(q.Unacknowledged) },
	},
	{
		Name: "worker_queue_bytes", Help: "Size of the trigger stream.",
		Value: func(q Queue) float64 { return float64(q.Bytes) },
	},
	{
		Name: "worker_queue_limit_bytes", Help: "Size at which the trigger stream refuses triggers; 0: there is no limit.",
		Value: func(q Queue) float64 { return float64(q.MaxBytes) },
	},
	{
		Name: "worker_dead_letters_kept", Help: "Dead letters of the namespace that wait to be sent again or dropped.",
		Value: func(q Queue) float64 { return float64(q.Dead) },
	},
}

// recent remembers the queue for a while.
type recent struct {
	mu    sync.Mutex
	at    time.Time
	queue Queue
	err   error
}

func (r *recent) read(ask func(context.Context) (Queue, error)) (q Queue, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at.IsZero() || time.Since(r.at) >= queueAge {
		ctx, cancel := context.WithTimeout(context.Background(), queueTimeout)
		defer cancel()
		r.queue, r.err = ask(ctx)
		r.at = time.Now()
	}
	return r.queue, r.err == nil
}
