package client

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// Change is a schedule that was stored or removed. Of its Entry the jobs carry
// State.Next but no State.Prev.
type Change struct {
	Entry
	Deleted bool // then only Key, Revision and Stored are set

	// Synced is set on the one change, without a schedule, that follows those
	// stored before the watch began.
	Synced bool
}

// Watch yields every schedule that is stored, then a change that says Synced,
// then every change as it is made, in the order of revisions. A value that
// cannot be used is a change with Bad set and does not end the watch.
//
// It goes on while the connection is away; after a restart of the server it may
// take 20 s to notice what was changed meanwhile. It ends with the one error
// that it yields: the context's when ctx ends, another when the watch cannot go
// on.
func (s *Schedule) Watch(ctx context.Context) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		watcher, err := request(ctx, s, "watch schedules", s.names.BucketStream(), func(context.Context) (nats.KeyWatcher, error) {
			return s.kv.WatchAll(nats.Context(ctx))
		})
		if err != nil {
			yield(Change{}, err)
			return
		}
		defer stopWatch(watcher)
		for {
			change, ok, err := s.nextChange(ctx, watcher)
			if err != nil {
				yield(Change{}, err)
				return
			}
			if ok && !yield(change, nil) {
				return
			}
		}
	}
}

// nextChange blocks for an update. ok is false when it is no schedule's.
func (s *Schedule) nextChange(ctx context.Context, watcher nats.KeyWatcher) (change Change, ok bool, err error) {
	select {
	case <-ctx.Done():
		return Change{}, false, context.Cause(ctx)
	case entry, open := <-watcher.Updates():
		switch {
		case !open && ctx.Err() != nil:
			return Change{}, false, context.Cause(ctx)
		case !open:
			return Change{}, false, errors.New("watch schedules: the connection was closed")
		case entry == nil:
			return Change{Synced: true}, true, explain("watch schedules", watchError(watcher))
		case strings.HasPrefix(entry.Key(), contract.NodePrefix):
			return Change{}, false, nil
		}
		v := value(entry)
		v.decode()
		return Change{Entry: v.entry(s.Namespace(), nil, s.now()), Deleted: v.deleted}, true, nil
	}
}
