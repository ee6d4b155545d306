package client

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// Alive is how old a scheduler's newest heartbeat may be before it is taken
// for dead.
const Alive = 3 * time.Second

// Status is what Ping found.
type Status struct {
	Server  string        // name of the NATS server we are connected to
	Version string        // of that server
	RTT     time.Duration // round trip to that server
	Nodes   []Node        // live schedulers, by name
}

// Node is a live scheduler.
type Node struct {
	Name    string
	Started time.Time
	Seen    time.Time // when its newest heartbeat was stored
}

// Ping makes a round trip to the server, reads from JetStream and tells which
// schedulers are alive, as far as this machine's clock tells the age of their
// heartbeats. That there are none is no error.
func (s *Schedule) Ping(ctx context.Context) (Status, error) {
	status := Status{Server: s.nc.ConnectedServerName(), Version: s.nc.ConnectedServerVersion()}
	began := time.Now()
	_, err := query(ctx, s, "ping", "\x00", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.nc.FlushWithContext(ctx)
	})
	if err != nil {
		return status, err
	}
	status.RTT = time.Since(began)
	status.Nodes, err = s.nodes(ctx)
	return status, err
}

func (s *Schedule) nodes(ctx context.Context) ([]Node, error) {
	nodes, err := query(ctx, s, "read heartbeats", s.names.BucketStream(), func(ctx context.Context) (nodes []Node, err error) {
		watcher, err := s.kv.Watch(contract.NodePrefix+">", nats.IgnoreDeletes(), nats.Context(ctx))
		if err != nil {
			return nil, err
		}
		defer stopWatch(watcher)
		for entry := range watcher.Updates() {
			if entry == nil {
				return nodes, watchError(watcher)
			}
			if node, ok := s.node(entry); ok {
				nodes = append(nodes, node)
			}
		}
		return nil, fmt.Errorf("heartbeats: %w", errWatchEnded)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(nodes, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(nodes, func(a, b Node) bool { return a.Name == b.Name }), nil
}

// node reads a heartbeat; ok is false when its scheduler is not alive.
func (s *Schedule) node(entry nats.KeyValueEntry) (node Node, ok bool) {
	beat, err := contract.Decode[contract.Heartbeat](entry.Value())
	if err != nil || beat.Resigned || s.now().Sub(entry.Created()) >= Alive {
		return Node{}, false
	}
	return Node{Name: beat.Node, Started: beat.Started, Seen: entry.Created().UTC()}, true
}
