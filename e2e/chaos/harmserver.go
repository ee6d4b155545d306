//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

var streams = []string{names.TriggerStream(), names.BucketStream(), names.ResultStream()}

// harmServers harms NATS servers, never two at once: before the next harm all
// of them have caught up.
func (t *trial) harmServers(ctx, during context.Context) error {
	r := rand.New(rand.NewPCG(t.plan.seed, 3))
	for pause(during, random(r, time.Second, 5*time.Second)) {
		s := t.servers[r.IntN(len(t.servers))]
		n, d := r.IntN(10), random(r, 0, 3*time.Second)
		if len(t.servers) == 1 {
			n = max(n, 6) // there is nobody to step down for
		}
		var err error
		switch {
		case n < 6:
			t.stepDown(during, streams[n%3])
			continue
		case n < 9:
			err = t.killServer(ctx, s, d)
		default:
			t.stallServer(ctx, s, d)
		}
		if err == nil {
			err = t.caughtUp(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stepDown makes a stream's leader give up. Where it does not answer, nothing
// has happened that has to be waited for.
func (t *trial) stepDown(ctx context.Context, stream string) {
	defer t.harmed.begin("leader stepdown")()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, _ = t.nc.RequestWithContext(ctx, "$JS.API.STREAM.LEADER.STEPDOWN."+stream, nil)
}

func (t *trial) killServer(ctx context.Context, s *server, away time.Duration) error {
	defer t.harmed.begin("server killed")()
	s.kill()
	pause(ctx, away)
	return s.start()
}

func (t *trial) stallServer(ctx context.Context, s *server, d time.Duration) {
	defer t.harmed.begin("server stalled")()
	s.signal(syscall.SIGSTOP)
	pause(ctx, d)
	s.signal(syscall.SIGCONT)
}

// caughtUp waits until every server is healthy and every stream has all its
// replicas.
func (t *trial) caughtUp(ctx context.Context) error {
	for _, s := range t.servers {
		if err := s.healthy(ctx); err != nil {
			return err
		}
	}
	for _, name := range streams {
		err := await(ctx, time.Minute, name+" to have caught up", func() error { return t.replicated(ctx, name) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) replicated(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	stream, err := t.js.Stream(ctx, name)
	if err != nil || len(t.servers) == 1 {
		return err
	}
	return replicas(stream.CachedInfo().Cluster)
}

func replicas(c *jetstream.ClusterInfo) error {
	if c == nil || c.Leader == "" {
		return errors.New("no leader")
	}
	for _, r := range c.Replicas {
		if !r.Current || r.Offline {
			return fmt.Errorf("%s is %d messages behind", r.Name, r.Lag)
		}
	}
	return nil
}
