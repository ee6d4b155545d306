//go:build unix

package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Kinds of harm to servers.
const (
	ServerKilled  = "server killed"
	ServerStalled = "server stalled"

	steppedDown = "leader stepdown"
)

// Cluster is one NATS server, or three that are one JetStream cluster.
type Cluster struct {
	Servers []*Server
	// Streams have to have caught up before the next harm; their leaders are
	// told to step down.
	Streams []string
	Harmed  *HarmLog
}

// NewCluster compiles the server and prepares the processes without starting
// them.
func NewCluster(ctx context.Context, folder string, servers int, harmed *HarmLog, streams ...string) (*Cluster, error) {
	path := filepath.Join(folder, "nats-server")
	if err := Build(ctx, path, "github.com/nats-io/nats-server/v2"); err != nil {
		return nil, err
	}
	ports, err := FreePorts(3 * servers)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Streams: streams, Harmed: harmed}
	for i := range servers {
		s, err := newServer(folder, path, i, ports)
		if err != nil {
			return nil, err
		}
		c.Servers = append(c.Servers, s)
	}
	return c, nil
}

// Start starts the servers and waits until they are healthy.
func (c *Cluster) Start(ctx context.Context) error {
	for _, s := range c.Servers {
		if err := s.Start(); err != nil {
			return err
		}
	}
	for _, s := range c.Servers {
		if err := s.Healthy(ctx); err != nil {
			return err
		}
	}
	return nil
}

// URLs are where clients connect to.
func (c *Cluster) URLs() []string {
	var urls []string
	for _, s := range c.Servers {
		urls = append(urls, s.url)
	}
	return urls
}

// Connect opens a connection that finds out soon when its server hangs.
func (c *Cluster) Connect(name string) (*nats.Conn, error) {
	return nats.Connect(strings.Join(c.URLs(), ","), nats.Name(name),
		nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(0, 0),
		nats.PingInterval(time.Second), nats.MaxPingsOutstanding(2),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
}

// Kill ends every server.
func (c *Cluster) Kill() {
	for _, s := range c.Servers {
		s.Kill()
	}
}

// Harm harms the servers at random until during ends, never two at once: before
// the next harm all of them have caught up. What has begun is finished: only ctx
// breaks it off. An error means that something did not come back.
func (c *Cluster) Harm(ctx, during context.Context, nc *nats.Conn, r *rand.Rand) error {
	cards := slices.Concat(Times(3, ServerKilled), Times(1, ServerStalled))
	if len(c.Servers) > 1 { // a server that is alone has nobody to step down for
		cards = append(cards, Times(6, steppedDown)...)
	}
	kinds := NewDeck(r, cards, ServerKilled)
	for Pause(during, Random(r, time.Second, 5*time.Second)) {
		s, d := c.Servers[r.IntN(len(c.Servers))], Random(r, 0, 3*time.Second)
		var err error
		switch kinds.Deal() {
		case steppedDown:
			c.StepDown(during, nc, c.Streams[r.IntN(len(c.Streams))])
			continue
		case ServerKilled:
			err = c.killOne(ctx, s, d)
		case ServerStalled:
			c.stall(ctx, s, d)
		}
		if err == nil {
			err = c.CaughtUp(ctx, nc)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// StepDown makes a stream's leader give up. Where it does not answer, nothing
// has happened that has to be waited for.
func (c *Cluster) StepDown(ctx context.Context, nc *nats.Conn, stream string) {
	defer c.Harmed.Begin(steppedDown, "")()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, _ = nc.RequestWithContext(ctx, "$JS.API.STREAM.LEADER.STEPDOWN."+stream, nil)
}

func (c *Cluster) killOne(ctx context.Context, s *Server, away time.Duration) error {
	defer c.Harmed.Begin(ServerKilled, s.Name)()
	s.Kill()
	Pause(ctx, away)
	return s.Start()
}

func (c *Cluster) stall(ctx context.Context, s *Server, d time.Duration) {
	defer c.Harmed.Begin(ServerStalled, s.Name)()
	s.Stall(ctx, d)
}

// CaughtUp waits until every server is healthy and every stream has all its
// replicas.
func (c *Cluster) CaughtUp(ctx context.Context, nc *nats.Conn) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	for _, s := range c.Servers {
		if err := s.Healthy(ctx); err != nil {
			return err
		}
	}
	for _, name := range c.Streams {
		err := Await(ctx, healthLimit, name+" to have caught up", func() error { return c.replicated(ctx, js, name) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) replicated(ctx context.Context, js jetstream.JetStream, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	stream, err := js.Stream(ctx, name)
	if err != nil || len(c.Servers) == 1 {
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
