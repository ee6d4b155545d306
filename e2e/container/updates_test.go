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

// Schedulers and workers are replaced under load by those of a new version, as
// deploy/kubernetes has it: a new one is ready before an old one is told to stop.
// Nothing is missed, and nothing is published or called twice.
func TestRollingUpdate(t *testing.T) {
	t.Parallel()
	l := &load{site: on(t, mainCluster), namespace: "updates"}
	t.Logf("from %s", docker.previous)
	for range 2 {
		l.schedulers = append(l.schedulers, l.previous(scheduler, l.scheduler(l.namespace, l.secret("updates.schedule"), readiness(schedulerPort))))
	}
	for range 2 {
		l.workers = append(l.workers, l.previous(worker, l.worker(l.namespace, l.secret("updates.worker"), readiness(workerPort))))
	}
	l.open()
	callers := &versions{}
	l.during(callers.note)
	l.Store(schedules, l.target)
	l.Await(3, patience)
	for i, old := range l.schedulers {
		l.schedulers[i] = l.startScheduler(l.namespace)
		l.must(old.end(t.Context(), grace))
		l.More(2, patience)
	}
	for i, old := range l.workers {
		l.workers[i] = l.startWorker(l.namespace)
		l.must(old.end(t.Context(), grace))
		l.More(2, patience)
	}
	if since := callers.since(); since[oldVersion] == 0 || since[newVersion] == 0 {
		t.Errorf("callbacks by version: %v, want some of both", since)
	}
	l.More(3, patience)
	if since := callers.since(); since[oldVersion] != 0 || since[newVersion] == 0 {
		t.Errorf("callbacks by version after the update: %v, want some of the new one only", since)
	}
	l.Finish(ledger.Rules{Published: true})
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
