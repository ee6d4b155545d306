package bootstrap

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/internal/adapter/logmon"
	"github.com/weplanx/workflow/schedule/internal/adapter/natskv"
	"github.com/weplanx/workflow/schedule/internal/adapter/natspub"
	"github.com/weplanx/workflow/schedule/internal/adapter/prommon"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/topology"
)

// node is a scheduler's name: unique for all time, so that the heartbeat of
// one that died is never taken for that of its successor.
type node string

func newNode() node {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "node"
	}
	plain := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}
	const hostLength, suffixLength = 63, 8
	host = strings.Map(plain, host[:min(len(host), hostLength)])
	return node(host + "-" + strings.ToLower(rand.Text()[:suffixLength]))
}

func newNames(cfg Config) contract.Names { return contract.Names(cfg.Namespace) }

func newJetStream(nc *nats.Conn) (jetstream.JetStream, error) { return jetstream.New(nc) }

// newTopology makes what is missing and waits while JetStream is not available.
func newTopology(ctx context.Context, cfg Config, js jetstream.JetStream, names contract.Names) (topology.Info, error) {
	return topology.Ensure(ctx, js, names, cfg.NATS.Replicas, topology.OnWait(func(err error) {
		cfg.logger().WithField("namespace", cfg.Namespace).WithError(err).Warn("waiting for JetStream")
	}))
}

// newStore takes the topology to say that the bucket exists by now.
func newStore(ctx context.Context, nc *nats.Conn, js jetstream.JetStream, names contract.Names, _ topology.Info) (*natskv.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	store, err := natskv.Open(ctx, nc, js, names)
	return store, away(err)
}

// newPublisher sets the cursors up in a namespace that never had any: at the
// server's time of the first schedule, so that whatever was stored before any
// scheduler ran is accounted for.
func newPublisher(ctx context.Context, cfg Config, nc *nats.Conn, names contract.Names, info topology.Info) (*natspub.Publisher, error) {
	p := natspub.New(nc, names)
	if !info.Fresh {
		return p, nil
	}
	return p, p.Setup(ctx, info.Partitions, info.Began, func(err error) {
		cfg.logger().WithField("namespace", cfg.Namespace).WithError(err).Warn("cursors are not set up yet, trying again")
	})
}

func newOptions(ctx context.Context, cfg Config, n node, p *natspub.Publisher, info topology.Info) (core.Options, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	partitions, err := p.Partitions(ctx, info.Partitions)
	if errors.Is(err, core.ErrNoCursor) {
		partitions, err = info.Partitions, nil // the partition itself will say so, again and again
	}
	return core.Options{
		Node: string(n), Namespace: cfg.Namespace, Partitions: partitions, Ahead: cfg.ahead(), Now: time.Now,
	}, away(err)
}

func newMonitors(cfg Config, n node, counts *prommon.Monitor) monitors {
	return monitors{logmon.New(cfg.logger(), cfg.Namespace, string(n), time.Now), counts}
}

// newHand returns the hand of a node. What it sends is due at once by the
// server's clock, since another node's may be right where this one's is not.
func newHand(names contract.Names, e *core.Engine, schedules core.Schedules, sender core.Sender, letters core.Letters, m core.Monitor) *core.Manual {
	now := func() time.Time { return time.Now().Add(time.Duration(e.State().ClockOffset)) }
	return core.NewManual(string(names), now, schedules, sender, letters, m)
}
