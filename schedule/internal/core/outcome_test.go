package core_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

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
