package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// List returns the keys of all schedules in order, those whose value cannot be
// used included.
func (s *Schedule) List() (keys []string, err error) {
	ctx, cancel := s.plain()
	defer cancel()
	return s.ListContext(ctx)
}

// ListContext is List with a context.
func (s *Schedule) ListContext(ctx context.Context) (keys []string, err error) {
	values, err := s.all(ctx, "list schedules", nats.MetaOnly())
	if err != nil {
		return nil, err
	}
	keys = make([]string, len(values))
	for i, v := range values {
		keys[i] = v.key
	}
	return keys, nil
}

// Entries returns all schedules in order of their keys. One that cannot be used
// has its Bad set; it is no error.
func (s *Schedule) Entries(ctx context.Context) ([]Entry, error) {
	values, err := s.all(ctx, "read schedules")
	if err != nil {
		return nil, err
	}
	cursors, err := s.cursors(ctx)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(values))
	for i, v := range values {
		cursor, err := cursors.of(ctx, v.key)
		if err != nil {
			return nil, err
		}
		v.decode()
		entries[i] = v.entry(s.Namespace(), cursor, s.now())
	}
	return entries, nil
}

// all returns what the bucket holds, without deleted keys and heartbeats. A
// watch that ends early is an error, never a part of the keys.
func (s *Schedule) all(ctx context.Context, what string, options ...nats.WatchOpt) ([]*stored, error) {
	found, err := query(ctx, s, what, s.names.BucketStream(), func(ctx context.Context) (map[string]*stored, error) {
		watcher, err := s.kv.WatchAll(append(options, nats.Context(ctx))...)
		if err != nil {
			return nil, err
		}
		defer stopWatch(watcher)
		found := map[string]*stored{}
		for entry := range watcher.Updates() {
			if entry == nil {
				return found, watchError(watcher)
			}
			if !strings.HasPrefix(entry.Key(), contract.NodePrefix) {
				found[entry.Key()] = value(entry)
			}
		}
		return nil, errWatchEnded
	})
	if err != nil {
		return nil, err
	}
	values := make([]*stored, 0, len(found))
	for _, v := range found {
		if v.exists() {
			values = append(values, v)
		}
	}
	slices.SortFunc(values, func(a, b *stored) int { return strings.Compare(a.key, b.key) })
	return values, nil
}

var errWatchEnded = errors.New("the watch ended early")

// watchError returns what a watcher reported beside its updates.
func watchError(watcher nats.KeyWatcher) error {
	select {
	case err := <-watcher.Error():
		if err != nil {
			return fmt.Errorf("%w: %w", errWatchEnded, err)
		}
	default:
	}
	return nil
}

// stopWatch ends a watch. Its updates are taken until the end, because nats.go
// blocks on them, for good, when nobody does.
func stopWatch(watcher nats.KeyWatcher) {
	_ = watcher.Stop() // the connection may be gone, and the watch with it
	go func() {
		for range watcher.Updates() {
		}
	}()
}

// value translates an entry without decoding it.
func value(entry nats.KeyValueEntry) *stored {
	return &stored{
		key: entry.Key(), revision: entry.Revision(), time: entry.Created().UTC(), data: entry.Value(),
		deleted: entry.Operation() != nats.KeyValuePut,
	}
}
