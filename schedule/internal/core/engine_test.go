package core_test

import (
	"context"
	"fmt"
	"strings"
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
	return c.startOn(name, c.store)
}

// startOn runs a node on a store of its own.
func (c *cluster) startOn(name string, store core.JobStore) (node *core.Engine, stop func()) {
	c.t.Helper()
	e := core.New(core.Options{Node: name, Namespace: "ns", Partitions: partitions, Ahead: core.Ahead, Now: time.Now}, store, c.pub, c.records, c.monitor)
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
