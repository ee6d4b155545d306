package core_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

const day = 24 * time.Hour

// misfires are the policies and what they run of a day that was missed.
var misfires = map[string]struct {
	contract.Misfire
	run int
}{
	"once":   {contract.Misfire{}, 1},
	"skip":   {contract.Misfire{Policy: contract.MisfireSkip}, 0},
	"all":    {contract.Misfire{Policy: contract.MisfireAll}, contract.DefaultMisfireLimit},
	"most":   {contract.Misfire{Policy: contract.MisfireAll, Limit: contract.MaxMisfireLimit}, contract.MaxMisfireLimit},
	"window": {contract.Misfire{Policy: contract.MisfireAll, Window: contract.Duration(59500 * time.Millisecond)}, 60},
}

// account is what was published of one "@every 1s" schedule.
type account struct {
	seconds []byte // what became of the nominal time so many seconds after the beginning
	missed  int    // records
}

// What became of an occurrence.
const (
	unknown = byte(iota)
	ran
	missed
)

// accounts sorts what was published by key. It fails where an occurrence was
// published, or accounted for, twice.
func (c *cluster) accounts() map[string]*account {
	c.t.Helper()
	all := map[string]*account{}
	for _, trigger := range c.pub.Stored() {
		a := all[trigger.Key]
		if a == nil {
			a = &account{seconds: make([]byte, day/time.Second+1000)}
			all[trigger.Key] = a
		}
		from, to, what := trigger.Scheduled, trigger.Scheduled, ran
		if m := trigger.Missed; m != nil {
			from, to, what = m.From, m.To, missed
			a.missed++
		}
		for t := from; !t.After(to); t = t.Add(time.Second) {
			second := int(t.Sub(c.began) / time.Second)
			if a.seconds[second] != unknown {
				c.t.Fatalf("%s: second %d is accounted for twice", trigger.Key, second)
			}
			a.seconds[second] = what
		}
	}
	return all
}

// A day without a scheduler: of what was late each policy runs the latest it
// promises, a record accounts for the others, and nothing else is published at
// once. So it is too when the scheduler that came back stops in the middle of
// catching up, and another goes on.
func TestEnginesAccountForADayOfOutage(t *testing.T) {
	t.Parallel()
	for name, interrupted := range map[string]bool{"caught up by one": false, "by one after the other": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				c.fillMisfires()
				_, stop := c.start("a")
				time.Sleep(20 * time.Second)
				stop()
				time.Sleep(day)
				back := time.Now()
				if interrupted {
					c.begin()
				}
				_, stop = c.start("c")
				time.Sleep(time.Minute)
				stop()
				c.checkOutage(int(back.Sub(c.began)/time.Second), interrupted)
			})
		})
	}
}

// fillMisfires stores so many schedules of every policy that no partition
// catches up in one commit.
func (c *cluster) fillMisfires() {
	for name, m := range misfires {
		for i := range 8 {
			job := every("@every 1s")
			job.Misfire = m.Misfire
			c.store.Set(fmt.Sprintf("%s.%d", name, i), job)
		}
	}
}

// begin lets a scheduler commit the beginning of a catch-up.
func (c *cluster) begin() {
	c.t.Helper()
	var commits, unfinished atomic.Int64
	enough := make(chan struct{})
	c.pub.OnCommit(func(_ int, step core.Step) (before, after error) {
		switch n := commits.Add(1); {
		case n > 2:
			return errors.New("it was stopped"), nil
		case n == 2:
			close(enough)
		}
		if step.Cursor.CatchUp != nil {
			unfinished.Add(1)
		}
		return nil, nil
	})
	_, stop := c.start("b")
	<-enough
	stop()
	c.pub.OnCommit(nil)
	if unfinished.Load() == 0 {
		c.t.Error("no partition was in the middle of catching up")
	}
}

// checkOutage wants every second accounted for, and of those that were late
// when schedulers came back what the policies promise. What got late while one
// scheduler followed the other is caught up by itself.
func (c *cluster) checkOutage(back int, interrupted bool) {
	c.t.Helper()
	slack, records := 1, 1
	if interrupted {
		slack, records = 3, 2
	}
	late := back - int(core.Grace/time.Second)
	for key, a := range c.accounts() {
		name, _, _ := strings.Cut(key, ".")
		run, want := 0, misfires[name].run
		for second := 1; second <= back+50; second++ {
			if a.seconds[second] == unknown {
				c.t.Fatalf("%s: second %d is not accounted for, schedulers came back at %d", key, second, back)
			}
			if second > back/2 && second <= late && a.seconds[second] == ran {
				run++
			}
		}
		if run > want || run < want-slack || a.missed < 1 || a.missed > records {
			c.t.Errorf("%s: %d late ones were run and %d records tell of the others, want %d run", key, run, a.missed, want)
		}
	}
}

// What a catch-up needs depends on how many schedules there are, not on how long
// nobody ran: a day of tenths of a second takes no more memory than ten minutes.
func TestMemoryOfACatchUpIsBounded(t *testing.T) { //nolint:paralleltest // it counts what the whole program allocates
	const keys = 100
	used := func(away time.Duration) (bytes uint64, steps, triggers int) {
		b := setup(t, at(0))
		for name, m := range misfires {
			for i := range keys / len(misfires) {
				job := every("@every 100ms")
				job.Misfire = m.Misfire
				b.set(fmt.Sprintf("%s.%d", name, i), at(-10), job)
			}
		}
		now := at(0).Add(away)
		var began, ended runtime.MemStats
		runtime.ReadMemStats(&began)
		for {
			step, ok := b.planner.Plan(now, now.Add(-core.Grace))
			if !ok {
				break
			}
			steps, triggers = steps+1, triggers+len(step.Triggers)
		}
		runtime.ReadMemStats(&ended)
		return ended.TotalAlloc - began.TotalAlloc, steps, triggers
	}
	short, steps, triggers := used(10 * time.Minute)
	long, longSteps, longTriggers := used(day)
	if longSteps != steps || longTriggers != triggers {
		t.Errorf("%d triggers in %d steps after a day, %d in %d after ten minutes, want the same", longTriggers, longSteps, triggers, steps)
	}
	if long > short+short/4 {
		t.Errorf("%d bytes are allocated to catch up a day, %d for ten minutes", long, short)
	}
	t.Logf("%d schedules: %d triggers in %d steps, %d KiB after ten minutes, %d KiB after a day", keys, triggers, steps, short>>10, long>>10)
}
