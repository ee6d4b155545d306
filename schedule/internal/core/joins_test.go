package core_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
)

// run is a scheduler that begins anew when the number of partitions was changed
// to changed. The function it returns stops it and waits.
func (c *cluster) run(name string, count, changed int) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		o := core.Options{Node: name, Namespace: "ns", Partitions: count, Ahead: core.Ahead, Now: time.Now}
		err := core.New(o, c.store, c.pub, c.records, c.monitor).Run(ctx)
		if errors.Is(err, core.ErrPartitionsChanged) {
			o.Node, o.Partitions = name+"-anew", changed
			err = core.New(o, c.store, c.pub, c.records, c.monitor).Run(ctx)
		}
		done <- err
	}()
	return func() {
		c.t.Helper()
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("%s: %v", name, err)
		}
	}
}

// A scheduler that joins right after a change knows the new number, and one that
// has had nothing to commit since knows the old one. A key that by the one falls to
// the one and by the other to the other is fired all the same, in time: with one
// key, whichever it is, nothing else tells of the change.
func TestNoKeyIsLeftToASchedulerThatDoesNotKnowOfIt(t *testing.T) {
	t.Parallel()
	const changed = 2*partitions + 1
	for i := range 24 {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t)
			c.store.Set(fmt.Sprintf("key%02d", i), every("@every 8s"))
			stopA := c.run("a", partitions, changed)
			time.Sleep(3 * time.Second)
			if err := c.pub.Repartition(changed); err != nil {
				t.Fatal(err)
			}
			stopB := c.run("b", changed, changed)
			time.Sleep(5 * time.Second)
			stored := c.pub.Stored()
			if len(stored) != 1 || stored[0].Missed != nil {
				t.Errorf("key%02d: %d triggers are stored when it is due, want one", i, len(stored))
			}
			stopA()
			stopB()
		})
	}
}
