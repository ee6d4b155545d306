package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	schedule "github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/topology"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

// patience bounds the wait for anything that a trial waits for.
const patience = 2 * time.Minute

// pollEvery is how exactly await knows when something was done. Asking the
// servers more often would slow down what is measured.
const pollEvery = 10 * time.Millisecond

// settleEvery is how long settle waits before it asks again.
const settleEvery = 50 * time.Millisecond

// large says whether the trials that take minutes are wanted.
func large() bool { return os.Getenv("BENCH_LARGE") != "" }

// site is where trials take place: the servers of a benchmark.
type site struct {
	urls     []string // of the servers
	replicas int
	count    int    // of namespaces so far
	used     string // URL of what the servers' process has used; empty: they are in this one
}

// onSites runs a benchmark on one server and on three.
func onSites(b *testing.B, f func(b *testing.B, s *site)) {
	b.Helper()
	for _, replicas := range []int{1, 3} {
		b.Run(fmt.Sprintf("R%d", replicas), func(b *testing.B) { f(b, newSite(b, replicas)) })
	}
}

func newSite(b *testing.B, replicas int) *site {
	b.Helper()
	return &site{urls: startServers(b, replicas), replicas: replicas}
}

// connect connects to the server with that number.
func (s *site) connect(b *testing.B, number int) *nats.Conn {
	b.Helper()
	nc, err := nats.Connect(s.urls[number%len(s.urls)], nats.MaxReconnects(-1))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	return nc
}

// namespace is one trial's own namespace.
type namespace struct {
	b     *testing.B
	site  *site
	names contract.Names
	js    jetstream.JetStream
	nc    *nats.Conn
	done  time.Time // when all of a herd was known to be stored
}

// namespace makes an empty namespace. discard takes it off the servers.
func (s *site) namespace(b *testing.B) *namespace {
	b.Helper()
	s.count++
	nc := s.connect(b, 0)
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(4096), jetstream.WithDefaultTimeout(patience))
	if err != nil {
		b.Fatal(err)
	}
	n := &namespace{b: b, site: s, names: contract.Names("bench" + strconv.Itoa(s.count)), js: js, nc: nc}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := topology.Ensure(ctx, js, n.names, s.replicas); err != nil {
		b.Fatal(err)
	}
	for _, stream := range n.streams() {
		n.led(stream)
	}
	return n
}

func (n *namespace) streams() []string {
	return []string{
		n.names.BucketStream(), n.names.TriggerStream(), n.names.ResultStream(), n.names.DeadStream(), n.names.RunStream(),
	}
}

// led waits until a stream that was made just now has a leader.
func (n *namespace) led(stream string) {
	n.b.Helper()
	n.await(stream+" has a leader", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := n.js.Stream(ctx, stream)
		return err == nil
	})
}

func (n *namespace) discard() {
	n.b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, stream := range n.streams() {
		if err := n.js.DeleteStream(ctx, stream); err != nil {
			n.b.Errorf("delete %s: %v", stream, err)
		}
	}
	n.nc.Close()
}

func (n *namespace) settings() config.Config {
	c := config.Defaults("127.0.0.1:0")
	c.Namespace, c.NATS.Hosts, c.NATS.Replicas, c.Log = string(n.names), n.site.urls, n.site.replicas, logging.Discard()
	return c
}

// scheduler runs a scheduler on a connection of its own, to the server with
// that number, until stop or until the connection is closed and stop.
func (n *namespace) scheduler(ahead time.Duration, server int) (app *schedule.App, nc *nats.Conn, stop func()) {
	n.b.Helper()
	nc = n.site.connect(n.b, server)
	app, err := schedule.NewWithConn(context.Background(), schedule.Config{Config: n.settings(), Ahead: &ahead}, nc)
	if err != nil {
		n.b.Fatalf("scheduler: %v", err)
	}
	return app, nc, n.run(app.Run, nc)
}

// worker runs a worker until stop.
func (n *namespace) worker(change ...func(*worker.Config)) (stop func()) {
	n.b.Helper()
	nc := n.site.connect(n.b, 0)
	c := worker.Defaults()
	c.Config, c.EgressAllow = n.settings(), []string{"127.0.0.0/8"}
	for _, change := range change {
		change(&c)
	}
	app, err := worker.NewWithConn(context.Background(), c, nc)
	if err != nil {
		n.b.Fatalf("worker: %v", err)
	}
	return n.run(app.Run, nc)
}

func (n *namespace) run(f func(context.Context) error, nc *nats.Conn) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := f(ctx); err != nil {
			n.b.Errorf("run: %v", err)
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done; nc.Close() })
	n.b.Cleanup(stop)
	return stop
}

// await polls until done.
func (n *namespace) await(what string, done func() bool) {
	n.b.Helper()
	limit := time.Now().Add(patience)
	for !done() {
		if time.Now().After(limit) {
			n.b.Fatalf("%s: not within %s", what, patience)
		}
		time.Sleep(pollEvery)
	}
}

// states asks every scheduler of the namespace what it knows of itself.
func (n *namespace) states(nodes int) []contract.NodeState {
	n.b.Helper()
	inbox := n.nc.NewInbox()
	sub, err := n.nc.SubscribeSync(inbox)
	if err != nil {
		n.b.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := n.nc.PublishRequest(n.names.Endpoint(contract.EndpointState), inbox, nil); err != nil {
		n.b.Fatal(err)
	}
	var states []contract.NodeState
	for len(states) < nodes {
		msg, err := sub.NextMsg(time.Second)
		if err != nil {
			return states
		}
		var s contract.NodeState
		if json.Unmarshal(msg.Data, &s) == nil && s.Node != "" {
			states = append(states, s)
		}
	}
	return states
}

// settle waits until so many schedulers share all partitions among them, every
// one of them standing at its cursor.
func (n *namespace) settle(nodes int) (owners map[int]string) {
	n.b.Helper()
	n.await("all partitions are owned", func() bool {
		until(time.Now().Add(settleEvery)) // an answer counts schedules, which takes time where there are many
		owners = map[int]string{}
		partitions := -1
		for _, s := range n.states(nodes) {
			partitions = s.Partitions
			for _, c := range s.Owned {
				owners[c.Partition] = s.Node
			}
		}
		return len(owners) == partitions
	})
	return owners
}
