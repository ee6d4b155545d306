package core_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// Where nothing is due the cursor rests, but a person must not take that for a
// scheduler that hangs.
func TestStateOfAnIdleNodeIsUpToNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1h"))
		e, stop := c.start("a")
		defer stop()
		time.Sleep(30 * time.Minute)
		owned := e.State().Owned
		if len(owned) != partitions {
			t.Fatalf("got %d partitions, want %d", len(owned), partitions)
		}
		for _, o := range owned {
			if age := time.Since(o.Due); age < 0 || age > time.Second {
				t.Errorf("partition %d is said to be published up to %s ago", o.Partition, age)
			}
		}
	})
}
