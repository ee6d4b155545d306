//go:build unix

package main

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/shared/contract"
)

// republished is where the server publishes a copy of each trigger that it has
// stored.
const republished = "observed.>"

// observed are the triggers that were stored, by their sequences. It misses what
// is stored while its connection is away: a stream that takes copies would not,
// but its consumer changes what a work queue does when the server is killed.
type observed struct {
	mu  sync.Mutex
	ids map[string]string // by sequence
}

func observe(ctx context.Context, nc *nats.Conn, js jetstream.JetStream) (*observed, error) {
	o := &observed{ids: map[string]string{}}
	if _, err := nc.Subscribe(republished, o.see); err != nil {
		return nil, err
	}
	err := fleet.Await(ctx, callLimit, "copies of triggers", func() error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		stream, err := js.Stream(ctx, names.TriggerStream())
		if err != nil {
			return err
		}
		config := stream.CachedInfo().Config
		config.RePublish = &jetstream.RePublish{Source: names.Triggers(), Destination: republished}
		_, err = js.UpdateStream(ctx, config)
		return err
	})
	return o, err
}

func (o *observed) see(m *nats.Msg) {
	id := "unreadable"
	if trigger, err := contract.Decode[contract.Trigger](m.Data); err == nil {
		id = trigger.ID
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ids[m.Header.Get("Nats-Sequence")] = id
}

// all are the IDs, as often as they were stored.
func (o *observed) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Values(o.ids))
}
