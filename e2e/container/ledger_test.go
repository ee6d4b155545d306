//go:build e2e

package container_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/receiver"
	"github.com/weplanx/workflow/e2e/internal/trial"
)

const (
	namespace = "beta"
	every     = time.Second
	schedules = 50
	patience  = 45 * time.Second // a dead worker's triggers come to another within 30 s
)

// nodes are two schedulers and two workers.
type nodes struct{ schedulers, workers [2]*node }

// begin starts two schedulers and two workers and stores the schedules.
func begin(t *testing.T) (*site, *nodes, *trial.Trial) {
	t.Helper()
	s, n := newSite(t), &nodes{}
	for i := range 2 {
		n.schedulers[i] = s.startScheduler(namespace)
		n.workers[i] = s.startWorker(namespace)
	}
	tr := trial.New(t, s.connect(), namespace, every)
	tr.Audit()
	target := receiver.Start(t, s.gateway+":0", tr.Arrived)
	tr.Store(schedules, target.URL(s.gateway))
	return s, n, tr
}

// Each occurrence of a minute is published, called and recorded once.
func TestLedger(t *testing.T) {
	t.Parallel()
	_, _, tr := begin(t)
	tr.Await(60, patience)
	tr.Finish(60, ledger.Rules{Published: true})
}

// NATS is restarted under running services: they go on and lose nothing. A
// call whose acknowledgement was under way may be made again.
func TestLedgerWhileNATSRestarts(t *testing.T) {
	t.Parallel()
	s, _, tr := begin(t)
	tr.Await(5, patience)
	s.nats.restart()
	tr.Audit()
	tr.Await(20, patience)
	s.nats.restart()
	tr.Audit()
	tr.Await(35, patience)
	tr.Finish(35, ledger.Rules{PublishedOnce: true, CalledAgain: true})
}

// A scheduler and a worker are killed: the others take over, nothing is lost
// and nothing is published twice. A call that the dead worker was making is
// made again.
func TestLedgerWhileNodesAreKilled(t *testing.T) {
	t.Parallel()
	_, n, tr := begin(t)
	tr.Await(5, patience)
	n.schedulers[0].kill()
	tr.Await(15, patience)
	n.workers[0].kill()
	tr.Await(30, patience)
	tr.Finish(30, ledger.Rules{Published: true, CalledAgain: true})
}
