package inprocess_test

import (
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/receiver"
	"github.com/weplanx/workflow/e2e/internal/trial"
	"github.com/weplanx/workflow/shared/natstest"
)

const (
	every       = 3 * time.Second // so that a slow machine keeps up
	occurrences = 7
	patience    = 90 * time.Second
)

// Two schedulers and two workers a namespace, two namespaces with the same
// keys on one server: each occurrence is published, called and recorded once,
// in its own namespace.
func TestLedgerOfTwoNamespaces(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	trials := map[string]*trial.Trial{}
	target := receiver.Start(t, "127.0.0.1:0", func(c receiver.Call) {
		if tr := trials[c.Namespace]; tr != nil {
			tr.Arrived(c)
			return
		}
		t.Errorf("callback of namespace %q, which has no schedule", c.Namespace)
	})
	for _, namespace := range []string{"one", "two"} {
		for range 2 {
			startScheduler(t, server, namespace)
			startWorker(t, server, namespace)
		}
		nc := server.Connect(t)
		trials[namespace] = trial.New(t, nc, nc, namespace, every)
		trials[namespace].Audit()
	}
	trials["one"].Store(25, target.URL("127.0.0.1"))
	trials["two"].Store(5, target.URL("127.0.0.1"))
	if got, want := len(trials["one"].List()), 25; got != want {
		t.Errorf("namespace one lists %d keys, want %d", got, want)
	}
	if got := trials["two"].List(); len(got) != 5 || slices.Contains(got, "job005") {
		t.Errorf("namespace two lists %q, want its own five keys", got)
	}
	for _, tr := range trials {
		tr.Await(occurrences, patience)
		tr.Remove()
	}
	for _, tr := range trials {
		tr.Finish(ledger.Rules{Published: true})
	}
}

// A scheduler and a worker leave, others come: nothing is lost and nothing is
// published twice.
func TestLedgerWhileNodesComeAndGo(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	var tr *trial.Trial
	target := receiver.Start(t, "127.0.0.1:0", func(c receiver.Call) { tr.Arrived(c) })
	stopScheduler, stopWorker := startScheduler(t, server, "ns"), startWorker(t, server, "ns")
	nc := server.Connect(t)
	tr = trial.New(t, nc, nc, "ns", every)
	tr.Audit()
	tr.Store(20, target.URL("127.0.0.1"))
	tr.Await(3, patience)
	startWorker(t, server, "ns")
	startScheduler(t, server, "ns")
	stopWorker()
	stopScheduler()
	tr.Await(occurrences, patience)
	tr.Finish(ledger.Rules{Published: true})
}
