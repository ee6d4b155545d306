package core_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/schedule/internal/adapter/mem"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// historian is a store that counts the histories that are read, and has them
// wait and fail as a test wants it.
type historian struct {
	*mem.Store
	before func(key string) error // nil: go on

	mu    sync.Mutex
	read  map[string]int
	begun int // watches
}

func (h *historian) History(ctx context.Context, key string, until uint64, report func(core.Entry)) error {
	h.mu.Lock()
	if h.read == nil {
		h.read = map[string]int{}
	}
	h.read[key]++
	h.mu.Unlock()
	if h.before != nil {
		if err := h.before(key); err != nil {
			return err
		}
	}
	return h.Store.History(ctx, key, until, report)
}

func (h *historian) Watch(ctx context.Context, report func(core.Change)) error {
	h.mu.Lock()
	h.begun++
	h.mu.Unlock()
	return h.Store.Watch(ctx, report)
}

// counts returns how often the history of all was read, of single keys, and how
// often a watch was begun.
func (h *historian) counts() (all, single, watches int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, n := range h.read {
		if key == "" {
			all += n
		} else {
			single += n
		}
	}
	return all, single, h.begun
}

func TestFirstStartReadsTheHistoriesOfManyKeysAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		const keys = 500
		c.fill(keys, every("@every 1s"))
		time.Sleep(time.Second)
		c.fill(keys/2, every("@every 10s")) // takes effect at 3.5 s
		store := &historian{Store: c.store}
		_, stop := c.startOn("a", store)
		time.Sleep(9500 * time.Millisecond)
		stop()
		if all, single, _ := store.counts(); all == 0 || all > partitions || single > 0 {
			t.Errorf("the history of all was read %d times and %d single ones, want 1 to %d and none", all, single, partitions)
		}
		runs := map[string]int{}
		for _, trigger := range c.pub.Stored() {
			runs[trigger.Key]++
		}
		for i := range keys {
			key, want := fmt.Sprintf("key%02d", i), 11 // at 1 to 11 s
			if i < keys/2 {
				want = 4 // at 1, 2, 3 and 11 s
			}
			if runs[key] != want {
				t.Errorf("%s ran %d times, want %d", key, runs[key], want)
			}
		}
	})
}

func TestRestartReadsOnlyTheHistoriesOfWhatChanged(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                string
		revisions, changing int // of 500 keys
		all, single         int
	}{
		{"few", 1, 3, 0, 3},
		{"many, of a long history", 60, 300, 0, 300},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				for range test.revisions {
					c.fill(500, every("@every 1h"))
				}
				_, stop := c.start("a")
				time.Sleep(40 * time.Second) // long enough to settle
				stop()
				c.fill(test.changing, every("@every 1h"))
				store := &historian{Store: c.store}
				b, stop := c.startOn("b", store)
				time.Sleep(5 * time.Second)
				if err := b.Ready(); err != nil {
					t.Errorf("Ready = %v", err)
				}
				stop()
				if all, single, _ := store.counts(); all != test.all || single != test.single {
					t.Errorf("the history of all was read %d times and %d single ones, want %d and %d", all, single, test.all, test.single)
				}
			})
		})
	}
}

func TestReadyOnceItStandsAtItsCursors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1s"))
		let := make(chan struct{})
		store := &historian{Store: c.store, before: func(string) error { <-let; return nil }}
		a, stopA := c.startOn("a", store)
		for range 20 {
			time.Sleep(50 * time.Millisecond)
			if err := a.Ready(); err == nil {
				t.Fatal("ready before it stands at its cursors")
			}
		}
		if err := a.Ready(); err == nil || err.Error() != "positioning partitions" {
			t.Errorf("Ready = %v, want that it is positioning", err)
		}
		close(let)
		time.Sleep(time.Second)
		if err := a.Ready(); err != nil {
			t.Errorf("Ready = %v", err)
		}
		stopA()
	})
}

func TestNodeThatOwnsNothingIsReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.pub = mem.NewPublisher(1, contract.Cursor{Due: c.began})
		var nodes []*core.Engine
		for _, name := range []string{"a", "b"} {
			e := core.New(core.Options{Node: name, Namespace: "ns", Partitions: 1, Now: time.Now}, c.store, c.pub, c.records, c.monitor)
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				defer close(done)
				if err := e.Run(ctx); err != nil {
					t.Errorf("Run: %v", err)
				}
			}()
			defer func() { cancel(); <-done }()
			nodes = append(nodes, e)
		}
		time.Sleep(2 * time.Second)
		owned := 0
		for _, e := range nodes {
			owned += len(e.State().Owned)
			if err := e.Ready(); err != nil {
				t.Errorf("Ready = %v", err)
			}
		}
		if owned != 1 {
			t.Errorf("%d partitions are owned, want 1", owned)
		}
	})
}

func TestWatchIsBegunAnewWhenAHistoryHasVanished(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1s"))
		var once sync.Once
		store := &historian{Store: c.store}
		store.before = func(string) (err error) {
			once.Do(func() { err = core.ErrVanished })
			return err
		}
		_, stop := c.startOn("a", store)
		time.Sleep(10 * time.Second)
		stop()
		c.exact(20, 10)
		if _, _, watches := store.counts(); watches != 2 {
			t.Errorf("the watch was begun %d times, want twice", watches)
		}
	})
}

// pausing reports a history in two parts: what was stored when it began, and
// after a pause the rest.
type pausing struct {
	lossyStore
	begin, goOn chan struct{}
}

func (s pausing) History(ctx context.Context, key string, until uint64, report func(core.Entry)) error {
	<-s.begin
	last := uint64(0)
	take := func(e core.Entry) {
		if e.Number > last {
			last = e.Number
			report(e)
		}
	}
	if err := s.Store.History(ctx, key, until, take); err != nil {
		return err
	}
	<-s.goOn
	return s.Store.History(ctx, key, until, take)
}

// A history leaves to the watch what is newer than the watch has reported. When
// the watch is lost meanwhile, that may never come.
func TestHistoryThatOutlivesItsWatchIsNotTrusted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		store := pausing{lossyStore{c.store, make(chan struct{}, 2)}, make(chan struct{}), make(chan struct{})}
		c.store.Set("key", every("@every 100ms"))
		store.let <- struct{}{}
		_, stop := c.startOn("a", store)
		time.Sleep(2 * time.Second)
		c.store.Cut()
		deleted := c.store.Delete("key")
		store.begin <- struct{}{} // the history holds the removal, of which the watch does not tell …
		time.Sleep(2 * time.Second)
		c.store.Set("key", every("@every 1h"))
		store.let <- struct{}{} // … nor does the next watch, only of this
		time.Sleep(time.Second)
		close(store.goOn)
		close(store.begin)
		time.Sleep(10 * time.Second)
		stop()
		if len(c.pub.Stored()) == 0 {
			t.Error("nothing was published")
		}
		for _, trigger := range c.pub.Stored() {
			if past := trigger.Due.Sub(deleted.Stored.Add(contract.EffectDelay)); past >= 0 {
				t.Fatalf("fired %s after the removal took effect", past)
			}
		}
	})
}

// A node that stands by frees what was removed. When it takes over at a cursor
// that did not move for long, it asks for it again.
func TestStandbyThatLetGoOfARemovedScheduleAccountsForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1s"))
		_, stopA := c.start("a")
		time.Sleep(10 * time.Second)
		stuck := make(chan struct{})
		c.pub.OnCommit(func(int, core.Step) (error, error) {
			select {
			case <-stuck:
				return nil, nil
			default:
				return core.ErrFull, nil
			}
		})
		_, stopB := c.start("b")
		time.Sleep(10 * time.Second)
		for i := range 20 {
			c.store.Delete(fmt.Sprintf("key%02d", i)) // take effect 22.5 s after they were stored
		}
		time.Sleep(5 * time.Minute)
		stopA()
		close(stuck)
		time.Sleep(20 * time.Second)
		stopB()
		accounted := map[string]int64{}
		for _, trigger := range c.pub.Stored() {
			n := int64(1)
			if trigger.Missed != nil {
				n = trigger.Missed.Count
			}
			accounted[trigger.Key] += n
		}
		for i := range 20 {
			if key := fmt.Sprintf("key%02d", i); accounted[key] != 22 {
				t.Errorf("%d occurrences of %s are accounted for, want 22", accounted[key], key)
			}
		}
		if !slices.ContainsFunc(c.monitor.Troubles(), func(s string) bool { return strings.Contains(s, "what is kept") }) {
			t.Errorf("troubles %q, want that what was let go is read again", c.monitor.Troubles())
		}
	})
}
