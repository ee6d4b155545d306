package oracle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// readLimit bounds the wait for the next revision.
const readLimit = 2 * time.Minute

// Histories reads every revision of every key from a namespace's bucket, oldest
// first.
func Histories(ctx context.Context, js jetstream.JetStream, names contract.Names) (map[string][]Revision, error) {
	bucket, err := js.KeyValue(ctx, names.Bucket())
	if err != nil {
		return nil, err
	}
	watcher, err := bucket.WatchAll(ctx, jetstream.IncludeHistory())
	if err != nil {
		return nil, err
	}
	defer func() { _ = watcher.Stop() }()
	histories := map[string][]Revision{}
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(readLimit):
			return nil, errors.New("the bucket was not read to its end")
		case entry := <-watcher.Updates():
			if entry == nil {
				return histories, nil
			}
			if strings.HasPrefix(entry.Key(), contract.NodePrefix) {
				continue
			}
			r, err := revision(entry)
			if err != nil {
				return nil, err
			}
			histories[entry.Key()] = append(histories[entry.Key()], r)
		}
	}
}

func revision(entry jetstream.KeyValueEntry) (Revision, error) {
	r := Revision{Number: entry.Revision(), Stored: entry.Created()}
	if entry.Operation() != jetstream.KeyValuePut {
		return r, nil
	}
	s, err := contract.Decode[contract.Schedule](entry.Value())
	if err != nil {
		return r, fmt.Errorf("revision %d of %s: %w", r.Number, entry.Key(), err)
	}
	if r.Anchor = s.Anchor; r.Anchor.IsZero() {
		r.Anchor = r.Stored
	}
	if !s.Paused {
		r.Jobs = s.Jobs
	}
	return r, nil
}
