package core_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

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
		_, kill := c.startOn("a", killed)
		_, stopB := c.start("b")
		time.Sleep(10 * time.Second)
		close(killed.deaf)
		kill()
		time.Sleep(10 * time.Second)
		stopB()
		c.exact(20, 20)
	})
}
