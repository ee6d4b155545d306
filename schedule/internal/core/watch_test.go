package core_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/schedule/internal/adapter/mem"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

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
		_, stop := c.startOn("a", muteStore{c.store, &mute})
		time.Sleep(10 * time.Second)
		mute.Store(true)
		heard := time.Now()
		time.Sleep(20 * time.Second)
		stop()
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
		_, stop := c.startOn("a", store)
		c.store.Set("key", every("@every 100ms"))
		store.let <- struct{}{}
		time.Sleep(10 * time.Second)
		c.store.Cut()
		deleted := c.store.Delete("key") // the node does not hear of it …
		time.Sleep(2 * time.Second)
		again := c.store.Set("key", every("@every 1h")) // … only of this
		store.let <- struct{}{}
		time.Sleep(10 * time.Second)
		stop()
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
