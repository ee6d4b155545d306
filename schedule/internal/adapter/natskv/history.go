package natskv

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// lagging is how long a history waits for what its copy of the stream does not
// have yet. The server may read it from any replica.
const lagging = 3 * time.Second

// History implements core.JobStore. A key that no application can have set has
// none: as a subject it might stand for many keys.
func (s *Store) History(ctx context.Context, key string, until uint64, report func(core.Entry)) error {
	if key != "" && contract.CheckKey(key) != nil {
		return core.ErrVanished
	}
	watcher, err := s.past(ctx, key)
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	defer stop(watcher)
	lag := time.NewTimer(lagging)
	lag.Stop()
	defer lag.Stop()
	for reached, caught := uint64(0), false; ; {
		select {
		case <-ctx.Done():
			return fmt.Errorf("read history: %w", context.Cause(ctx))
		case <-lag.C:
			return core.ErrVanished
		case entry, ok := <-watcher.Updates():
			switch {
			case !ok:
				return fmt.Errorf("read history: %w", errLost)
			case entry == nil: // all that was stored here when we began
				caught = true
				lag.Reset(lagging)
			default:
				reached = entry.Revision()
				tell(entry, report)
			}
			if caught && reached >= until {
				return nil
			}
		}
	}
}

// past watches a key, or all when it is empty, from the oldest revision on.
func (s *Store) past(ctx context.Context, key string) (jetstream.KeyWatcher, error) {
	if key == "" {
		return s.kv.WatchAll(ctx, jetstream.IncludeHistory())
	}
	return s.kv.Watch(ctx, key, jetstream.IncludeHistory())
}

// tell reports what is not a heartbeat.
func tell(entry jetstream.KeyValueEntry, report func(core.Entry)) {
	if !strings.HasPrefix(entry.Key(), contract.NodePrefix) {
		report(stored(entry))
	}
}
