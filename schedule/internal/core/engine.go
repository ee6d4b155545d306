package core

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// How long before it is due a trigger is published, unless Options say
// otherwise, and the most that they may say: herds are stored before they are
// due, and workers hold triggers until then. The most is well below what the
// freshness of the schedules allows (see horizon).
const (
	Ahead    = time.Second
	MaxAhead = 1500 * time.Millisecond
)

const (
	beatEvery   = 200 * time.Millisecond
	electEvery  = 50 * time.Millisecond
	auditEvery  = 10 * time.Second
	settleEvery = 30 * time.Second
	retryAfter  = 250 * time.Millisecond
	callTimeout = 5 * time.Second
	beatTimeout = time.Second
)

// Options of an Engine; all fields but Ahead are needed.
type Options struct {
	Node       string // unique among the namespace's schedulers, for all time
	Namespace  string
	Partitions int
	Ahead      time.Duration // how long before it is due a trigger is published; from 0 to MaxAhead
	Now        func() time.Time
}

// Engine is a scheduler node. Run it once.
type Engine struct {
	Options
	store    JobStore
	pub      Publisher
	records  Recorder
	monitor  Monitor
	members  *members
	parts    []*partition
	started  time.Time
	fresh    atomic.Int64  // everything stored before it has been applied
	newest   atomic.Uint64 // number of the newest revision that this watch has reported
	synced   atomic.Bool
	bad      chan BadEntry // to be recorded
	lastSeen seen
	clock    clock
	anew     context.CancelCauseFunc // ends the present watch
	renewals chan error              // holds one wish to begin the watch anew
	stop     context.CancelCauseFunc // ends Run; set by it

	recalling chan struct{} // full while a partition reads the histories of all keys
}

// New returns an engine that is not running.
func New(o Options, store JobStore, pub Publisher, records Recorder, monitor Monitor) *Engine {
	e := &Engine{
		Options: o, store: store, pub: pub, records: records, monitor: monitor,
		members: newMembers(o.Partitions), started: o.Now(), bad: make(chan BadEntry, 1024), renewals: make(chan error, 1),
		recalling: make(chan struct{}, 1),
	}
	for i := range o.Partitions {
		e.parts = append(e.parts, newPartition(e, i))
	}
	return e
}

// Ready returns nil when the node knows all schedules, hears its own heartbeat
// and stands at the cursors of the partitions that fall to it, and otherwise
// what it is waiting for.
func (e *Engine) Ready() error {
	if !e.synced.Load() {
		return errors.New("loading schedules")
	}
	if err := e.clock.err(); err != nil {
		return err
	}
	nodes := e.members.alive(e.Now())
	if !slices.Contains(nodes, e.Node) {
		return errors.New("no heartbeat of this node was seen lately")
	}
	for i, p := range e.parts {
		if err := p.err(); err != nil {
			return err
		}
		if owner(i, nodes) == e.Node && !p.stands() {
			return errors.New("positioning partitions")
		}
	}
	return nil
}

// State returns what the node knows of itself.
func (e *Engine) State() contract.NodeState {
	offset, _ := e.clock.offset()
	s := contract.NodeState{
		NodePing: contract.NodePing{Node: e.Node, Ready: true},
		Started:  e.started.UTC(), Nodes: e.members.alive(e.Now()), Partitions: len(e.parts),
		Owned: []contract.OwnedCursor{}, ClockOffset: contract.Duration(offset),
	}
	if err := e.Ready(); err != nil {
		s.Ready, s.Reason = false, err.Error()
	}
	for i, p := range e.parts {
		schedules, due, owned := p.state()
		s.Schedules += schedules
		if owned {
			s.Owned = append(s.Owned, contract.OwnedCursor{Partition: i, Due: due})
		}
	}
	return s
}

// Run fires until ctx ends, then resigns and returns nil. It survives every
// failure of its ports: each is reported to the monitor and tried again. The
// one error it returns is ErrPartitionsChanged.
func (e *Engine) Run(ctx context.Context) error {
	ctx, e.stop = context.WithCancelCause(ctx)
	defer e.stop(nil)
	var wg sync.WaitGroup
	wg.Go(func() { e.watch(ctx) })
	wg.Go(func() { e.beat(ctx) })
	wg.Go(func() { e.elect(ctx) })
	wg.Go(func() { e.recordBad(ctx) })
	for _, p := range e.parts {
		wg.Go(func() { p.run(ctx) })
	}
	wg.Wait()
	e.resign(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, ErrPartitionsChanged) {
		return cause
	}
	return nil
}

// resign tells the others to take over at once.
func (e *Engine) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatTimeout)
	defer cancel()
	beat := e.heartbeat()
	beat.Resigned = true
	if err := e.store.Beat(ctx, beat); err != nil {
		e.monitor.Trouble("resign", -1, err)
	}
}

func (e *Engine) heartbeat() contract.Heartbeat {
	return contract.Heartbeat{
		Node: e.Node, Sent: e.Now(), Started: e.started, Resigned: e.clock.err() != nil, Partitions: e.Partitions,
	}
}

// beat stores heartbeats: they keep this node a member and, seen again in the
// order of writing, prove how fresh its schedules are.
func (e *Engine) beat(ctx context.Context) {
	for sleep(ctx, 0); ctx.Err() == nil; sleep(ctx, beatEvery) {
		limited, cancel := context.WithTimeout(ctx, beatTimeout)
		err := e.store.Beat(limited, e.heartbeat())
		cancel()
		if err != nil && ctx.Err() == nil {
			e.monitor.Trouble("store heartbeat", -1, err)
		}
	}
}

// elect gives every partition to the node it falls to.
func (e *Engine) elect(ctx context.Context) {
	var before []string
	for ; ctx.Err() == nil; sleep(ctx, electEvery) {
		nodes := e.members.alive(e.Now())
		if slices.Equal(nodes, before) {
			continue
		}
		before = nodes
		owned := []int{}
		for i, p := range e.parts {
			mine := owner(i, nodes) == e.Node
			p.setOwned(mine)
			if mine {
				owned = append(owned, i)
			}
		}
		e.monitor.Owned(owned, nodes)
	}
}

// recordBad writes a record for every entry that cannot be used.
func (e *Engine) recordBad(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case b := <-e.bad:
			for !e.recorded(ctx, b) {
				sleep(ctx, time.Second)
			}
		}
	}
}

// recorded reports whether nothing is left to do about a bad entry: its record
// is stored, or the engine stops.
func (e *Engine) recorded(ctx context.Context, b BadEntry) bool {
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := e.records.Record(limited, badEntryRecord(e.Namespace, b))
	if err == nil || ctx.Err() != nil {
		return true
	}
	e.monitor.Trouble("record bad entry", -1, err)
	return false
}

func badEntryRecord(namespace string, b BadEntry) contract.Result {
	return contract.Result{
		Kind: contract.KindBadEntry, Key: b.Key, Reason: b.Reason.Error(), Scheduled: b.Stored.UTC(),
		ID: contract.OccurrenceID(namespace, b.Key, 0, b.Stored),
	}
}

// horizon is how far triggers may be published: Ahead of now, but never past
// what the schedules known to this node allow. Whatever it has not seen yet was
// stored after fresh and so takes effect after fresh + EffectDelay.
func (e *Engine) horizon(now time.Time) time.Time { return minTime(now.Add(e.Ahead), e.known()) }

// reach is how far triggers may be drawn: before every revision takes effect
// that this node has not seen yet, like what is published.
func (e *Engine) reach(now time.Time) time.Time {
	return minTime(now.Add(e.Ahead+drawAhead), e.known())
}

// known is up to where the schedules known to this node hold.
func (e *Engine) known() time.Time {
	return instant(e.fresh.Load()).Add(contract.EffectDelay - time.Nanosecond)
}

// sleep blocks for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
