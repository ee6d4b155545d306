// Package natskv keeps schedules and heartbeats in a JetStream key-value
// bucket. It is the core.JobStore of a running scheduler.
package natskv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// A heartbeat that is stored but not reported within overdue means that the
// server has lost the watch, as after a restart. nats.go would notice by itself
// after about ten seconds, in which nothing fires.
const (
	overdue    = 1500 * time.Millisecond
	checkEvery = 250 * time.Millisecond
)

// A heartbeat expires by itself long after its node counts as dead.
const (
	headerTTL = "Nats-TTL"
	beatTTL   = "60s"

	codeTTLDisabled = 10166 // of the JetStream API
)

// errLost is returned by Watch when it has to be begun anew.
var errLost = errors.New("the server has lost the watch")

// Store is a core.JobStore on a bucket.
type Store struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	kv     jetstream.KeyValue
	names  contract.Names
	expire atomic.Bool // the bucket's stream allows messages to expire

	beat atomic.Int64 // when the last heartbeat was stored, by the local clock
}

// Open binds to the namespace's bucket, which must exist.
func Open(ctx context.Context, nc *nats.Conn, js jetstream.JetStream, names contract.Names) (*Store, error) {
	kv, err := js.KeyValue(ctx, names.Bucket())
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", names.Bucket(), err)
	}
	stream, err := js.Stream(ctx, names.BucketStream())
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", names.Bucket(), err)
	}
	s := &Store{nc: nc, js: js, kv: kv, names: names}
	s.expire.Store(stream.CachedInfo().Config.AllowMsgTTL)
	return s, nil
}

// Watch implements core.JobStore.
func (s *Store) Watch(ctx context.Context, report func(core.Change)) error {
	watcher, err := s.kv.WatchAll(ctx)
	if err != nil {
		return fmt.Errorf("watch bucket: %w", err)
	}
	defer stop(watcher)
	check := time.NewTicker(checkEvery)
	defer check.Stop()
	heard := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case entry, ok := <-watcher.Updates():
			if !ok {
				return errLost
			}
			heard = time.Now()
			if c, ok := change(entry); ok {
				report(c)
			}
		case now := <-check.C:
			if len(watcher.Updates()) == 0 && s.lost(heard, now) {
				return errLost
			}
		}
	}
}

// lost reports whether heartbeats are stored but not heard.
func (s *Store) lost(heard, now time.Time) bool {
	beat := time.Unix(0, s.beat.Load())
	return beat.After(heard) && now.Sub(heard) > overdue && now.Sub(beat) < overdue
}

// change translates an entry; nil marks the end of what was stored before. A
// heartbeat that cannot be read is nobody's, and left out.
func change(entry jetstream.KeyValueEntry) (core.Change, bool) {
	if entry == nil {
		return core.Change{Synced: true}, true
	}
	c := core.Change{Stored: entry.Created()}
	if !strings.HasPrefix(entry.Key(), contract.NodePrefix) {
		e := stored(entry)
		r := e.Revision()
		c.Revision = &r
		return c, true
	}
	if entry.Operation() != jetstream.KeyValuePut {
		return c, false
	}
	beat, err := contract.Decode[contract.Heartbeat](entry.Value())
	c.Heartbeat = &beat
	return c, err == nil
}

func stored(entry jetstream.KeyValueEntry) core.Entry {
	return core.Entry{
		Key: entry.Key(), Number: entry.Revision(), Stored: entry.Created(),
		Deleted: entry.Operation() != jetstream.KeyValuePut, Value: entry.Value(),
	}
}

// stop ends a watch. What was under way is read until the channel is closed,
// or nats.go's goroutine would wait for ever to deliver it. The connection may
// be gone, and the watch with it.
func stop(watcher jetstream.KeyWatcher) {
	go func() {
		for range watcher.Updates() {
		}
	}()
	_ = watcher.Stop()
}

// Extent implements core.JobStore.
func (s *Store) Extent(ctx context.Context) (oldest, count uint64, err error) {
	stream, err := s.js.Stream(ctx, s.names.BucketStream())
	if err != nil {
		return 0, 0, fmt.Errorf("look at bucket: %w", err)
	}
	state := stream.CachedInfo().State
	return state.FirstSeq, state.Msgs, nil
}

// Beat implements core.JobStore.
func (s *Store) Beat(ctx context.Context, beat contract.Heartbeat) error {
	value, err := contract.Encode(beat)
	if err != nil {
		return err
	}
	msg := nats.NewMsg(s.names.BucketSubject(contract.NodePrefix + beat.Node))
	msg.Data = value
	if s.expire.Load() {
		msg.Header.Set(headerTTL, beatTTL)
	}
	if _, err = s.js.PublishMsg(ctx, msg); err != nil {
		var api *jetstream.APIError
		if errors.As(err, &api) && api.ErrorCode == codeTTLDisabled {
			s.expire.Store(false) // the bucket was made anew, without; the next one gets through
		}
		return fmt.Errorf("put heartbeat: %w", err)
	}
	s.beat.Store(time.Now().UnixNano())
	return nil
}
