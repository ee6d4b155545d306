package core

import (
	"context"
	"sync"
	"time"
)

// keeper extends the deadlines of the deliveries in the worker's hands, all
// from one goroutine. A delivery is extended for the first time when it has
// been here for one interval, at most two: what is settled sooner, as most are,
// costs nothing.
type keeper struct {
	clock    Clock
	monitor  Monitor
	interval time.Duration

	mu   sync.Mutex
	kept map[Handle]time.Time // since when
}

func (k *keeper) add(h Handle) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[h] = k.clock.Now()
}

// remove is called before the delivery is settled, because it must not be
// extended afterwards.
func (k *keeper) remove(h Handle) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, h)
}

// run extends until ctx ends.
func (k *keeper) run(ctx context.Context) {
	for k.clock.Sleep(ctx, k.interval) == nil {
		k.extend()
	}
}

// extend holds the lock while it does so: an Extend after remove has returned
// could come after the acknowledgement.
func (k *keeper) extend() {
	k.mu.Lock()
	defer k.mu.Unlock()
	old := k.clock.Now().Add(-k.interval)
	for h, since := range k.kept {
		if since.After(old) {
			continue
		}
		if err := h.Extend(); err != nil {
			k.monitor.Trouble(Trouble{Doing: "extend deliveries", Err: err})
			return // the others would fail alike
		}
	}
}
