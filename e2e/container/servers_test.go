//go:build e2e

package container_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/ledger"
)

var errNoLeader = errors.New("the stream of triggers has no leader")

// The server that leads the stream of triggers is killed; once it is back, the one
// that leads it then is.
func TestServersAreKilled(t *testing.T) { //nolint:paralleltest // it harms servers that others use
	l := on(t, mainCluster).begin("serverkill")
	l.Await(5, patience)
	first := l.mustLeader()
	harm := []ledger.Span{l.killServer(first)}
	second := l.mustLeader()
	if second == first { // it has been elected again
		second = l.but(first)[0]
	}
	harm = append(harm, l.killServer(second))
	l.Finish(ledger.Rules{PublishedOnce: true, Harm: harm})
}

// killServer kills a server, waits until the others have gone on without it, and
// starts it again.
func (l *load) killServer(s *server) ledger.Span {
	l.t.Helper()
	span := ledger.Span{From: time.Now()}
	l.must(s.kill(l.t.Context()))
	l.More(5, patience)
	l.must(s.Start(l.t.Context()))
	l.must(l.healthy(l.t.Context()))
	span.To = time.Now()
	l.More(3, patience)
	return span
}

// A server is cut off from the other two, while services can still reach it: the
// one that leads the stream of triggers, and that a scheduler is connected to. The
// others elect another leader, the services move there, and all goes on.
func TestServerIsCutOff(t *testing.T) { //nolint:paralleltest // it harms servers that others use
	l := on(t, splitCluster).begin("servercut")
	l.Await(5, patience)
	lost := l.serverOf(l.schedulers[0])
	l.makeLeader(lost)
	// What is alone tells of the past, without an error.
	l.Through(l.as(l.namespace+".admin", l.but(lost)...))
	span := ledger.Span{From: time.Now()}
	heal := l.cut(lost.node, []*network{lost.routes}, lost.host)
	l.await("another leader", func() error {
		leader, err := l.leader(l.but(lost)...)
		if err == nil && leader == lost {
			err = errors.New(lost.host + " still leads")
		}
		return err
	})
	l.await("the server to notice that it is alone", func() error {
		if err := lost.health(t.Context()); err == nil {
			return errors.New(lost.host + " says that it is healthy")
		}
		return nil
	})
	l.wantReady()
	if l.serverOf(l.schedulers[0]) == lost {
		t.Error("a scheduler is ready, but still connected to the server that is alone")
	}
	l.More(5, patience)
	heal()
	l.must(l.healthy(t.Context()))
	span.To = time.Now()
	l.More(5, patience)
	l.Finish(ledger.Rules{PublishedOnce: true, Harm: []ledger.Span{span}})
}

// cut takes a container out of networks until heal is called, or the test ends.
func (s *site) cut(n *node, networks []*network, aliases ...string) (heal func()) {
	s.t.Helper()
	heal = sync.OnceFunc(func() {
		s.note("%s is connected again", n.name)
		for _, w := range networks {
			if err := w.heal(context.Background(), n, aliases...); err != nil {
				s.t.Error(err)
			}
		}
	})
	s.t.Cleanup(heal)
	for _, w := range networks {
		s.must(w.cut(s.t.Context(), n))
	}
	s.note("%s is cut off", n.name)
	return heal
}

// wantReady waits until all services of the load say that they are ready.
func (l *load) wantReady() {
	l.t.Helper()
	for port, nodes := range map[string][]*node{schedulerPort: l.schedulers, workerPort: l.workers} {
		for i, n := range nodes {
			l.await(fmt.Sprintf("%s %d to be ready", n.name, i), func() error { return l.ready(n, port) })
		}
	}
}
