package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/schedule/internal/adapter/mem"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

const partitions = 4

// cluster is a namespace with schedulers, in a synctest bubble.
type cluster struct {
	t       *testing.T
	store   *mem.Store
	pub     *mem.Publisher
	records *mem.Recorder
	monitor *mem.Monitor
	began   time.Time
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	now := time.Now()
	return &cluster{
		t: t, store: mem.NewStore(time.Now), pub: mem.NewPublisher(partitions, contract.Cursor{Due: now}),
		records: &mem.Recorder{}, monitor: &mem.Monitor{}, began: now,
	}
}

// start runs a node and returns a function that stops it and waits.
func (c *cluster) start(name string) (node *core.Engine, stop func()) {
	c.t.Helper()
	e := core.New(core.Options{Node: name, Namespace: "ns", Partitions: partitions, Ahead: core.Ahead, Now: time.Now}, c.store, c.pub, c.records, c.monitor)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := e.Run(ctx); err != nil {
			c.t.Errorf("Run: %v", err)
		}
	}()
	return e, func() { cancel(); <-done }
}

func (c *cluster) fill(keys int, job contract.Job) {
	for i := range keys {
		c.store.Set(fmt.Sprintf("key%02d", i), job)
	}
}

// exact fails unless every occurrence of "@every 1s" schedules stored at the
// beginning and nominal from 1 to seconds was stored exactly once.
func (c *cluster) exact(keys, seconds int) {
	c.t.Helper()
	got := map[string]int{}
	for _, trigger := range c.pub.Stored() {
		if trigger.Missed != nil {
			c.t.Errorf("%s missed %+v", trigger.Key, trigger.Missed)
		}
		got[fmt.Sprint(trigger.Key, trigger.Scheduled.Sub(c.began))]++
	}
	for k := range keys {
		for s := 1; s <= seconds; s++ {
			id := fmt.Sprint(fmt.Sprintf("key%02d", k), time.Duration(s)*time.Second)
			if got[id] != 1 {
				c.t.Errorf("%s was stored %d times, want once", id, got[id])
			}
		}
	}
}

func TestTwoNodesPublishEachOccurrenceOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1s"))
		_, stopA := c.start("a")
		_, stopB := c.start("b")
		time.Sleep(60 * time.Second)
		stopA()
		stopB()
		c.exact(20, 60)
		if n := c.pub.Refused(); n > partitions {
			t.Errorf("%d commits were refused: both nodes try to publish for the same partitions", n)
		}
	})
}

func TestWithoutAheadTriggersAreStoredWhenTheyAreDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.pub.OnCommit(func(_ int, step core.Step) (error, error) {
			for _, trigger := range step.Triggers {
				if late := time.Since(trigger.Due); late != 0 && time.Since(c.began) > 5*time.Second {
					c.t.Errorf("a trigger was committed %s after it was due", late)
				}
			}
			return nil, nil
		})
		c.fill(5, every("@every 1s"))
		e := core.New(core.Options{Node: "a", Namespace: "ns", Partitions: partitions, Now: time.Now}, c.store, c.pub, c.records, c.monitor)
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := e.Run(ctx); err != nil {
			t.Error(err)
		}
		if c.pub.Commits() < 20 {
			t.Error("hardly anything was committed")
		}
	})
}

func TestTriggersAreStoredAheadAndNeverAfterTheyAreDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.pub.OnCommit(func(_ int, step core.Step) (error, error) {
			for _, trigger := range step.Triggers {
				if lead := time.Until(trigger.Due); lead > core.Ahead || lead < 0 && time.Since(c.began) > 5*time.Second {
					c.t.Errorf("a trigger was committed %s before it was due", lead)
				}
			}
			return nil, nil
		})
		c.fill(5, every("@every 1s"))
		_, stop := c.start("a")
		time.Sleep(30 * time.Second)
		stop()
	})
}

func TestStoppedNodeHandsOverAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1s"))
		for i := range 20 {
			c.store.Set(fmt.Sprintf("often%02d", i), every("@every 100ms"))
		}
		_, stopA := c.start("a")
		_, stopB := c.start("b")
		time.Sleep(10 * time.Second)
		late := time.Duration(0)
		c.pub.OnCommit(func(_ int, step core.Step) (error, error) {
			for _, trigger := range step.Triggers {
				late = max(late, time.Since(trigger.Due))
			}
			return nil, nil
		})
		stopA()
		time.Sleep(10 * time.Second)
		stopB()
		c.exact(20, 20)
		if late > 0 {
			t.Errorf("a trigger was stored %s late, want none late", late)
		}
	})
}

// deafStore is a store whose heartbeats fail once it is deaf: a node on it
// neither lives nor resigns, as one that was killed.
type deafStore struct {
	core.JobStore
	deaf chan struct{}
}

func (s deafStore) Beat(ctx context.Context, b contract.Heartbeat) error {
	select {
	case <-s.deaf:
		return errors.New("killed")
	default:
		return s.JobStore.Beat(ctx, b)
	}
}

func TestKilledNodeIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1s"))
		killed := deafStore{c.store, make(chan struct{})}
		a := core.New(core.Options{Node: "a", Namespace: "ns", Partitions: partitions, Ahead: core.Ahead, Now: time.Now}, killed, c.pub, c.records, c.monitor)
		ctx, kill := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		_, stopB := c.start("b")
		time.Sleep(10 * time.Second)
		close(killed.deaf)
		kill()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		time.Sleep(10 * time.Second)
		stopB()
		c.exact(20, 20)
	})
}

func TestUnknownOutcomeIsNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		commits := 0
		c.pub.OnCommit(func(int, core.Step) (before, after error) {
			switch commits++; commits % 3 {
			case 1:
				return errors.New("timeout, nothing stored"), nil
			case 2:
				return nil, errors.New("timeout, yet stored")
			}
			return nil, nil
		})
		c.fill(5, every("@every 1s"))
		_, stop := c.start("a")
		time.Sleep(30 * time.Second)
		stop()
		c.exact(5, 29)
	})
}

func TestFullStreamKeepsTheCursor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		var full atomic.Bool
		full.Store(true)
		c.pub.OnCommit(func(int, core.Step) (error, error) {
			if full.Load() {
				return core.ErrFull, nil
			}
			return nil, nil
		})
		c.fill(5, every("@every 1s"))
		_, stop := c.start("a")
		time.Sleep(10 * time.Second)
		if !slices.ContainsFunc(c.monitor.Troubles(), func(s string) bool { return strings.Contains(s, core.ErrFull.Error()) }) {
			t.Errorf("troubles %q, want the full stream", c.monitor.Troubles())
		}
		full.Store(false)
		time.Sleep(20 * time.Second)
		stop()
		c.exact(5, 29)
	})
}

func TestMissingCursorStopsItsPartitionLoudly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1s"))
		lost := contract.Partition("key00", partitions)
		c.pub.Lose(lost)
		_, stop := c.start("a")
		time.Sleep(10 * time.Second)
		stop()
		fired := map[int]bool{}
		for _, trigger := range c.pub.Stored() {
			fired[contract.Partition(trigger.Key, partitions)] = true
		}
		if fired[lost] || len(fired) != partitions-1 {
			t.Errorf("partitions %v fired, want all but %d", fired, lost)
		}
		want := fmt.Sprintf("publish triggers (partition %d): %v", lost, core.ErrNoCursor)
		if !slices.Contains(c.monitor.Troubles(), want) {
			t.Errorf("troubles %q, want %q", c.monitor.Troubles(), want)
		}
	})
}

// muteStore stops reporting changes while it is mute, as a watch does that
// lags behind: the store lives on, but the node hears nothing of it.
type muteStore struct {
	core.JobStore
	mute *atomic.Bool
}

func (s muteStore) Watch(ctx context.Context, report func(core.Change)) error {
	return s.JobStore.Watch(ctx, func(c core.Change) {
		if !s.mute.Load() || c.Heartbeat != nil && c.Heartbeat.Node == "other" {
			report(c)
		}
	})
}

func TestStaleNodeDoesNotFirePastWhatItKnows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(5, every("@every 100ms"))
		var mute atomic.Bool
		a := core.New(core.Options{Node: "a", Namespace: "ns", Partitions: partitions, Ahead: core.Ahead, Now: time.Now},
			muteStore{c.store, &mute}, c.pub, c.records, c.monitor)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		time.Sleep(10 * time.Second)
		mute.Store(true)
		heard := time.Now()
		time.Sleep(20 * time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		for _, trigger := range c.pub.Stored() {
			if past := trigger.Due.Sub(heard); past >= contract.EffectDelay {
				t.Fatalf("a trigger due %s after the last news was stored", past)
			}
		}
	})
}

func TestBadEntryIsRecordedOnceWhileOthersFire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(5, every("@every 1s"))
		c.store.Put("before", []byte("\xff garbage"))
		_, stopA := c.start("a")
		_, stopB := c.start("b")
		time.Sleep(5 * time.Second)
		c.store.Put("while", []byte(`{"v":1,"jobs":[{"mode":"HTTP","spec":"TZ=0","option":{"url":"http://h/"}}]}`))
		time.Sleep(5 * time.Second)
		stopA()
		stopB()
		_, stopC := c.start("c")
		time.Sleep(5 * time.Second)
		stopC()
		c.exact(5, 15)
		var keys []string
		for _, r := range c.records.Records() {
			if r.Kind != contract.KindBadEntry || r.Reason == "" {
				t.Errorf("record %+v, want a bad entry with its reason", r)
			}
			keys = append(keys, r.Key)
		}
		slices.Sort(keys)
		if fmt.Sprint(keys) != "[before while]" {
			t.Errorf("bad entries %v were recorded, want each once", keys)
		}
		if !slices.Contains(c.monitor.Bad(), "before") || !slices.Contains(c.monitor.Bad(), "while") {
			t.Errorf("the monitor heard of %v", c.monitor.Bad())
		}
	})
}

func TestLostWatchIsBegunAnewWithoutLoss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(10, every("@every 1s"))
		_, stop := c.start("a")
		for range 10 {
			time.Sleep(2500 * time.Millisecond)
			c.store.Cut()
		}
		time.Sleep(5 * time.Second)
		stop()
		c.exact(10, 30)
	})
}

// lossyStore begins a watch anew only when it is let.
type lossyStore struct {
	*mem.Store
	let chan struct{}
}

func (s lossyStore) Watch(ctx context.Context, report func(core.Change)) error {
	select {
	case <-s.let:
		return s.Store.Watch(ctx, report)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestRevisionMissedByALostWatchStillCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		store := lossyStore{c.store, make(chan struct{}, 2)}
		a := core.New(core.Options{Node: "a", Namespace: "ns", Partitions: partitions, Ahead: core.Ahead, Now: time.Now}, store, c.pub, c.records, c.monitor)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		c.store.Set("key", every("@every 100ms"))
		store.let <- struct{}{}
		time.Sleep(10 * time.Second)
		c.store.Cut()
		deleted := c.store.Delete("key") // the node does not hear of it …
		time.Sleep(2 * time.Second)
		again := c.store.Set("key", every("@every 1h")) // … only of this
		store.let <- struct{}{}
		time.Sleep(10 * time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		for _, trigger := range c.pub.Stored() {
			if past := trigger.Due.Sub(deleted.Stored.Add(contract.EffectDelay)); past >= 0 {
				t.Fatalf("fired %s after the removal took effect (stored again %s)", past, again.Stored)
			}
		}
	})
}

func TestPurgedBucketStopsFiring(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(2, every("@every 1s"))
		_, stop := c.start("a")
		time.Sleep(5 * time.Second)
		c.store.Purge()
		c.store.Set("key02", every("@every 1s"))
		time.Sleep(25 * time.Second)
		stop()
		last := map[string]time.Duration{}
		for _, trigger := range c.pub.Stored() {
			last[trigger.Key] = max(last[trigger.Key], trigger.Scheduled.Sub(c.began))
		}
		if last["key00"] > 20*time.Second || last["key01"] > 20*time.Second || last["key02"] < 29*time.Second {
			t.Errorf("fired until %v, want the purged ones to stop and the new one to go on", last)
		}
	})
}

func TestNodeWithAWrongClockStopsAndOthersGoOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		offset time.Duration
		fires  bool
		told   bool
	}{
		{"right", 10 * time.Millisecond, true, false},
		{"a little ahead", 400 * time.Millisecond, true, true},
		{"far ahead", 3 * time.Second, false, true},
		{"far behind", -3 * time.Second, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				c.fill(20, every("@every 1s"))
				wrong := core.New(core.Options{
					Node: "wrong", Namespace: "ns", Partitions: partitions,
					Now: func() time.Time { return time.Now().Add(test.offset) },
				}, c.store, c.pub, c.records, c.monitor)
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan error, 1)
				go func() { done <- wrong.Run(ctx) }()
				time.Sleep(10 * time.Second)
				if err := wrong.Ready(); (err == nil) != test.fires {
					t.Errorf("Ready = %v, want that it is ready: %v", err, test.fires)
				}
				if early := len(c.pub.Stored()); early > 0 && !test.fires {
					t.Errorf("%d triggers were published by the wrong clock", early)
				}
				mine := map[string]bool{}
				c.pub.OnCommit(func(_ int, step core.Step) (error, error) {
					mine[step.Cursor.Node] = true
					return nil, nil
				})
				_, stop := c.start("right")
				time.Sleep(20 * time.Second)
				stop()
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run: %v", err)
				}
				if mine["wrong"] != test.fires || !mine["right"] {
					t.Errorf("%v published, want the wrong one: %v", mine, test.fires)
				}
				told := slices.ContainsFunc(c.monitor.Troubles(), func(s string) bool { return strings.Contains(s, "clock") })
				if told != test.told {
					t.Errorf("troubles %q, want one about the clock: %v", c.monitor.Troubles(), test.told)
				}
			})
		})
	}
}

func TestReadyTellsWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.store.SetDeaf(true)
		e, stop := c.start("a")
		if err := e.Ready(); err == nil {
			t.Error("ready before it has begun")
		}
		time.Sleep(time.Second)
		if err := e.Ready(); err == nil || !strings.Contains(err.Error(), "heartbeat") {
			t.Errorf("Ready = %v, want that no heartbeat was seen", err)
		}
		c.store.SetDeaf(false)
		time.Sleep(time.Second)
		if err := e.Ready(); err != nil {
			t.Errorf("Ready = %v", err)
		}
		stop()
	})
}
