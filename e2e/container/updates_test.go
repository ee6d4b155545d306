//go:build e2e

package container_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/testcontainers/testcontainers-go"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/receiver"
)

// Workers and then schedulers are replaced under load by those of a new version, in
// the order of deploy/docs/upgrade.md and as deploy/kubernetes has it: a new one is
// ready before an old one is told to stop. Then all go back, in the opposite order.
// Nothing is missed, and nothing is published or called twice.
func TestRollingUpdate(t *testing.T) {
	t.Parallel()
	l := &load{site: on(t, mainCluster), namespace: "updates"}
	t.Logf("from %s", docker.previous)
	for range 2 {
		l.schedulers = append(l.schedulers, l.previousScheduler())
	}
	for range 2 {
		l.workers = append(l.workers, l.previousWorker())
	}
	l.open()
	callers := &versions{}
	l.during(callers.note)
	l.Store(schedules, l.target)
	l.Await(3, patience)
	l.roll(l.workers, func() *node { return l.startWorker(l.namespace) })
	if since := callers.since(); since[oldVersion] == 0 || since[newVersion] == 0 {
		t.Errorf("callbacks by version: %v, want some of both", since)
	}
	l.roll(l.schedulers, func() *node { return l.startScheduler(l.namespace) })
	if since := callers.since(); since[oldVersion] != 0 || since[newVersion] == 0 {
		t.Errorf("callbacks by version after the update: %v, want some of the new one only", since)
	}
	l.roll(l.schedulers, l.previousScheduler)
	l.roll(l.workers, l.previousWorker)
	l.More(3, patience)
	l.Finish(ledger.Rules{Published: true})
}

// roll replaces services one by one.
func (l *load) roll(nodes []*node, start func() *node) {
	l.t.Helper()
	for i, old := range nodes {
		nodes[i] = start()
		l.must(old.end(l.t.Context(), grace))
		l.More(2, patience)
	}
}

func (l *load) previousScheduler() *node {
	l.t.Helper()
	return l.previous(scheduler, l.scheduler(l.namespace, l.secret(l.namespace+".schedule"), readiness(schedulerPort)))
}

func (l *load) previousWorker() *node {
	l.t.Helper()
	return l.previous(worker, l.worker(l.namespace, l.secret(l.namespace+".worker"), readiness(workerPort)))
}

// previous starts a service from the image that an update begins with.
func (l *load) previous(name string, request testcontainers.ContainerRequest) *node {
	l.t.Helper()
	request.Image = docker.tags[name+before]
	return l.run(name+before, request)
}

// versions counts callbacks by what made them.
type versions struct {
	mu     sync.Mutex
	counts map[string]int
}

func (v *versions) note(c receiver.Call) {
	_, version, _ := strings.Cut(c.Agent, "/")
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.counts == nil {
		v.counts = map[string]int{}
	}
	v.counts[version]++
}

// since returns the counts since it was called before.
func (v *versions) since() map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	counts := v.counts
	v.counts = map[string]int{}
	return counts
}
