package core_test

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

var errPicky = errors.New("refused")

func key(i int) string { return "k" + strconv.Itoa(i) }

// picky is a log that refuses what it does not like.
type picky struct {
	core.ResultLog
	likes func(records []contract.Result) bool
	asked atomic.Int64
}

func (l *picky) Append(ctx context.Context, records ...contract.Result) error {
	l.asked.Add(1)
	if !l.likes(records) {
		return errPicky
	}
	return l.ResultLog.Append(ctx, records...)
}

// pick puts a picky log before that of the bench.
func (b *bench) pick(likes func(records []contract.Result) bool) (*picky, func() (stop func())) {
	log := &picky{ResultLog: b.log, likes: likes}
	return log, func() (stop func()) {
		ports := b.ports()
		ports.Log = log
		return b.runOn(b.settings.Name, ports)
	}
}

func (b *bench) finals() (keys map[string]int) {
	keys = map[string]int{}
	for _, r := range b.log.Records() {
		if r.Kind == contract.KindFinal {
			keys[r.Key]++
		}
	}
	return keys
}

func TestRecordsThatComeTogetherAreStoredTogether(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Concurrency = 64
		log, start := b.pick(func([]contract.Result) bool { time.Sleep(time.Millisecond); return true })
		for i := range 64 {
			b.put(b.trigger(key(i), 0))
		}
		start()
		b.after(time.Second)
		if n := len(b.finals()); n != 64 {
			t.Errorf("got %d final records, want 64", n)
		}
		if n := log.asked.Load(); n > 2 {
			t.Errorf("the log was asked %d times for 64 occurrences that end together", n)
		}
	})
}

// A record that the log refuses holds up its own occurrence only.
func TestARecordThatIsRefusedHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		var refuse atomic.Bool
		refuse.Store(true)
		_, start := b.pick(func(records []contract.Result) bool {
			for _, r := range records {
				if r.Key == key(3) && refuse.Load() {
					return false
				}
			}
			return true
		})
		for i := range 8 {
			b.put(b.trigger(key(i), 0))
		}
		start()
		b.after(time.Second)
		if got := b.finals(); len(got) != 7 || got[key(3)] != 0 {
			t.Errorf("got final records %v, want those of all keys but %s", got, key(3))
		}
		refuse.Store(false)
		b.after(5 * time.Minute)
		if got := b.finals(); len(got) != 8 || got[key(3)] != 1 || b.queue.Len() != 0 {
			t.Errorf("got final records %v and %d triggers in the queue, want one of each key and none", got, b.queue.Len())
		}
	})
}

// Calls whose records cannot be stored may have to be repeated: there must not be
// many of them.
func TestALogThatIsAwayBoundsTheCalls(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		_, start := b.pick(func([]contract.Result) bool { return false })
		for i := range 500 {
			b.put(b.trigger(key(i), 0))
		}
		start()
		b.after(10 * time.Second)
		if n, most := len(b.executor.Calls()), 9*b.settings.Concurrency; n > most || n == 0 {
			t.Errorf("got %d calls, want at most %d", n, most)
		}
	})
}
