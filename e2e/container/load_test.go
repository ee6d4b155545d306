//go:build e2e

package container_test

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/internal/receiver"
	"github.com/weplanx/workflow/e2e/internal/trial"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	every     = time.Second
	schedules = 30
	patience  = 90 * time.Second // a dead worker's triggers come to another within 30 s

	// observed is where copies of triggers go: a subject that the admin may
	// subscribe to.
	observed = "_INBOX.admin.observed"
)

// load is a namespace under load.
type load struct {
	*site
	*trial.Trial
	namespace           string
	schedulers, workers []*node
	target              string // URL of callbacks

	mu  sync.Mutex
	hit func(receiver.Call) // called in the middle of each call; nil: nothing is
}

// begin starts two schedulers and two workers and stores schedules.
func (s *site) begin(namespace string) *load {
	s.t.Helper()
	l := &load{site: s, namespace: namespace}
	for range 2 {
		l.schedulers = append(l.schedulers, s.startScheduler(namespace))
	}
	for range 2 {
		l.workers = append(l.workers, s.startWorker(namespace))
	}
	l.open()
	l.Store(schedules, l.target)
	return l
}

// open watches a namespace whose schedulers run already, by the users that natsconf
// has made: an application's and an admin's.
func (l *load) open() {
	l.t.Helper()
	l.Trial = trial.New(l.t, l.as(l.namespace+".client"), l.as(l.namespace+".admin"), l.namespace, every)
	var observers []*nats.Conn
	for _, server := range l.servers {
		observers = append(observers, l.as(l.namespace+".admin", server))
	}
	l.Observe(observed, observers...)
	l.target = receiver.Start(l.t, l.front.gateway+":0", l.arrived).URL(l.front.gateway)
}

func (l *load) arrived(c receiver.Call) {
	l.mu.Lock()
	hit := l.hit
	l.mu.Unlock()
	l.Arrived(c)
	if hit != nil {
		hit(c)
	}
}

// during has f called in the middle of each call from now on, from many goroutines.
func (l *load) during(f func(receiver.Call)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hit = f
}

// leader is the server that leads the stream of triggers, as one of those given
// says, or else as any does.
func (l *load) leader(asked ...*server) (*server, error) {
	nc, err := l.connect(l.namespace+".admin", asked...)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), 2*time.Second)
	defer cancel()
	stream, err := js.Stream(ctx, contract.Names(l.namespace).TriggerStream())
	if err != nil {
		return nil, err
	}
	for _, server := range l.servers {
		if server.host == stream.CachedInfo().Cluster.Leader {
			return server, nil
		}
	}
	return nil, errNoLeader
}

// mustLeader waits until there is one.
func (l *load) mustLeader() *server {
	l.t.Helper()
	var found *server
	l.await("a leader", func() (err error) {
		found, err = l.leader()
		return err
	})
	return found
}

// makeLeader has a server lead the stream of triggers.
func (l *load) makeLeader(s *server) {
	l.t.Helper()
	nc := l.as(l.namespace + ".admin")
	subject := "$JS.API.STREAM.LEADER.STEPDOWN." + contract.Names(l.namespace).TriggerStream()
	l.await(s.host+" to lead", func() error {
		if leader, err := l.leader(); err != nil || leader == s {
			return err
		}
		answer, err := nc.Request(subject, []byte(`{"placement":{"preferred":"`+s.host+`"}}`), connectLimit)
		if err == nil {
			err = fmt.Errorf("asked for it, the answer was %s", answer.Data)
		}
		return err
	})
}

// serverOf is the one that a service says it is connected to.
func (l *load) serverOf(n *node) *server {
	l.t.Helper()
	all := regexp.MustCompile(`"nats (?:re)?connected","server":"([^"]+):4222"`).FindAllStringSubmatch(n.output(), -1)
	if len(all) == 0 {
		l.t.Fatalf("%s does not say where it is connected", n.name)
	}
	for _, s := range l.servers {
		address, err := s.address(l.t.Context(), s.clients)
		l.must(err)
		if last := all[len(all)-1][1]; last == address {
			return s
		}
	}
	l.t.Fatalf("%s is connected to %s, where no server is", n.name, all[len(all)-1][1])
	return nil
}

// but are the servers without one.
func (c *cluster) but(s *server) (others []*server) {
	for _, other := range c.servers {
		if other != s {
			others = append(others, other)
		}
	}
	return others
}
