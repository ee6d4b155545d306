//go:build e2e

package container_test

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/receiver"
)

// A scheduler is killed and replaced: the other takes over, nothing is lost and
// nothing is published twice.
func TestSchedulerIsKilled(t *testing.T) {
	t.Parallel()
	l := on(t, mainCluster).begin("schedulerkill")
	l.Await(5, patience)
	l.must(l.schedulers[0].kill(t.Context()))
	l.More(5, patience)
	l.schedulers[0] = l.startScheduler(l.namespace)
	l.More(5, patience)
	l.wantReady()
	l.Finish(ledger.Rules{Published: true})
}

// A scheduler is cut off from NATS: the other takes over. When it comes back, with
// what it had been about to publish, it finds that others were first.
func TestSchedulerIsCutOff(t *testing.T) {
	t.Parallel()
	l := on(t, splitCluster).begin("schedulercut")
	l.Await(5, patience)
	lost := l.schedulers[0]
	var networks []*network
	for _, s := range l.servers {
		networks = append(networks, s.clients)
	}
	heal := l.cut(lost, networks)
	l.await("the scheduler to notice", func() error {
		if l.ready(lost, schedulerPort) == nil {
			return errors.New("it says that it is ready")
		}
		return nil
	})
	l.More(5, patience)
	heal()
	l.wantReady()
	l.More(5, patience)
	l.Finish(ledger.Rules{Published: true})
}

// takeover is far more than the 30 s that the design promises for the trigger of a
// worker that died: of those the server waits for 20 s, and this machine may be slow.
const takeover = time.Minute

// A worker is killed under load, in the middle of calls: another makes these again
// before long, with the same webhook-id.
func TestWorkerIsKilled(t *testing.T) {
	t.Parallel()
	l := on(t, mainCluster).begin("workerkill")
	l.Await(5, patience)
	lost := l.workers[0]
	from, err := lost.address(t.Context(), l.front)
	l.must(err)
	calls := &held{from: from, ended: make(chan struct{}), again: map[string]time.Time{}}
	release := sync.OnceFunc(func() { close(calls.ended) })
	defer release()
	l.during(calls.hold)
	l.await("calls under way", calls.several)
	l.must(lost.kill(t.Context()))
	killed := time.Now()
	release()
	l.workers[0] = l.startWorker(l.namespace)
	l.More(5, patience)
	for id, at := range calls.all() {
		switch {
		case at.IsZero():
			t.Errorf("%s was abandoned, and not called again", id)
		case at.Sub(killed) > takeover:
			t.Errorf("%s was abandoned, and called again %s later, want %s at most", id, at.Sub(killed), takeover)
		}
	}
	l.Finish(ledger.Rules{Published: true, Harm: []ledger.Span{{From: killed, To: killed}}})
}

// held are calls of one worker that are not answered as long as it lives.
type held struct {
	from  string        // the worker's address
	ended chan struct{} // closed: it has died

	mu    sync.Mutex
	again map[string]time.Time // by ID; zero: the call was not made again
}

// hold is in the middle of each call. Once the worker has died, another one may
// have its address.
func (h *held) hold(c receiver.Call) {
	if h.begin(c) {
		<-h.ended
	}
}

// begin says whether the call is to be held.
func (h *held) begin(c receiver.Call) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	first, known := h.again[c.ID]
	if known && first.IsZero() {
		h.again[c.ID] = c.Arrived
	}
	select {
	case <-h.ended:
		return false
	default:
		if c.From == h.from && !known {
			h.again[c.ID] = time.Time{}
		}
		return c.From == h.from
	}
}

func (h *held) several() error {
	if n := len(h.all()); n < 3 {
		return fmt.Errorf("there are %d, want 3", n)
	}
	return nil
}

func (h *held) all() map[string]time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.again)
}
