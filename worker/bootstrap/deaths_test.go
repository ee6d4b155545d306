package bootstrap_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/bootstrap"
)

// mortal is a worker whose triggers go to another soon after its death, and
// that finishes nothing when it is stopped.
func mortal(c *bootstrap.Config) {
	c.Grace = -1
	c.SetAckWait(2 * time.Second)
}

// ends waits until n occurrences have ended and returns how, by their IDs.
func (b *bench) ends(t *testing.T, n int) map[string]string {
	t.Helper()
	ends := map[string]string{}
	for _, final := range b.finals(t, n) {
		ends[final.ID] += final.Outcome
	}
	return ends
}

// exclusive is a target of which no two occurrences may be under way at once. The
// first call is to a worker that dies, and does not end.
type exclusive struct {
	*receiver
	entered chan struct{} // closed when the first call has come

	mu       sync.Mutex
	under    map[string]int // calls by occurrence, but for the first
	exceeded bool
}

func newExclusive(t *testing.T) *exclusive {
	t.Helper()
	e := &exclusive{entered: make(chan struct{}), under: map[string]int{}}
	leave := make(chan struct{})
	e.receiver = receive(t, func(n int, r *http.Request) int {
		if n == 1 {
			close(e.entered)
			select {
			case <-leave:
			case <-r.Context().Done():
			}
			return http.StatusOK
		}
		id := r.Header.Get(contract.HeaderID)
		e.change(id, 1)
		time.Sleep(100 * time.Millisecond)
		e.change(id, -1)
		return http.StatusOK
	})
	t.Cleanup(func() { close(leave) })
	return e
}

func (e *exclusive) change(id string, by int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.under[id] += by; e.under[id] == 0 {
		delete(e.under, id)
	}
	e.exceeded = e.exceeded || len(e.under) > 1
}

// A worker that dies in mid-call keeps the turn of its job no longer than its
// trigger. Another goes on with the same occurrence, and then with what came
// meanwhile and comes later.
func TestTurnOfADeadWorkerIsFree(t *testing.T) {
	t.Parallel()
	for overlap, meanwhile := range map[string]string{
		contract.OverlapQueue: contract.OutcomeSuccess,
		contract.OverlapSkip:  contract.OutcomeSkipped,
	} {
		t.Run(overlap, func(t *testing.T) {
			t.Parallel()
			b, target := setup(t), newExclusive(t)
			occurrence := func() string {
				trigger := b.trigger("k", target.url)
				trigger.Overlap, trigger.Timeout = overlap, contract.Duration(10*time.Minute)
				b.publish(t, trigger)
				return trigger.ID
			}
			dies := b.start(t, mortal)
			first := occurrence()
			<-target.entered
			b.start(t, mortal)
			want := map[string]string{first: contract.OutcomeSuccess, occurrence(): meanwhile}
			if meanwhile == contract.OutcomeSkipped {
				b.finals(t, 1) // while the first one runs
			}
			dies.nc.Close()
			b.finals(t, 2)
			b.drained(t)
			want[occurrence()] = contract.OutcomeSuccess
			if got := b.ends(t, 3); !maps.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			b.drained(t)
			if b.finals(t, 3); target.counts()[first] < 2 || target.exceeded {
				t.Errorf("got calls %v; two occurrences at once: %t", target.counts(), target.exceeded)
			}
		})
	}
}

// accepting is a target of long jobs and two workers, the first of which dies
// once the target has accepted.
type accepting struct {
	*bench
	url     string           // of the target
	headers chan http.Header // of each call
	first   *running
	start   func() *running // a worker that can be reached at the URL for reports
}

// accept makes one whose first worker, if deaf is set, dies before it hears that
// the target has accepted.
func accept(t *testing.T, deaf bool) *accepting {
	t.Helper()
	a := &accepting{bench: setup(t), headers: make(chan http.Header, 100)}
	var handler atomic.Pointer[http.Handler]
	reports := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*handler.Load()).ServeHTTP(w, r) }))
	t.Cleanup(reports.Close)
	a.start = func() *running {
		r := a.bench.start(t, func(c *bootstrap.Config) {
			mortal(c)
			c.URL = reports.URL
		})
		api := r.app.Handler()
		handler.Store(&api)
		return r
	}
	var die sync.Once
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if deaf {
			die.Do(a.first.nc.Close)
		}
		w.Header().Set(contract.HeaderComplete, contract.CompleteCallback)
		w.WriteHeader(http.StatusAccepted)
		a.headers <- r.Header.Clone()
	}))
	t.Cleanup(target.Close)
	a.url, a.first = target.URL, a.start()
	return a
}

// called waits for a call of the target.
func (a *accepting) called(t *testing.T) http.Header {
	t.Helper()
	select {
	case h := <-a.headers:
		return h
	case <-time.After(patience):
		t.Fatal("the target was not called")
		return nil
	}
}

// opened waits until it is stored that the occurrence waits for a report.
func (a *accepting) opened(t *testing.T, id string) {
	t.Helper()
	eventually(t, "it is stored that the job is under way", func() bool {
		stream, err := a.js.Stream(t.Context(), a.names.RunStream())
		if err != nil {
			return false
		}
		_, err = stream.GetLastMsgForSubject(t.Context(), a.names.Run("open."+id))
		return err == nil
	})
}

// A target has accepted, the worker that called it dies, and the report goes to
// another.
func TestReportGoesToAnotherWorker(t *testing.T) {
	t.Parallel()
	for name, deaf := range map[string]bool{"than the one that has heard": false, "than the one that has not heard": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := accept(t, deaf)
			trigger := a.trigger("long", a.url)
			a.publish(t, trigger)
			headers := a.called(t)
			if !deaf {
				a.opened(t, trigger.ID)
				a.first.nc.Close()
			}
			a.start()
			if deaf { // it is called once more, and reports as it was told first
				a.called(t)
			}
			eventually(t, "the report is taken", func() bool { return reportByHTTP(t, a.bench, headers) })
			final := a.finals(t, 1)[0]
			if final.ID != trigger.ID || final.Outcome != contract.OutcomeSuccess || final.Status != http.StatusAccepted {
				t.Errorf("got %+v", final)
			}
		})
	}
}

// The end of a job whose target never reports is written by another worker than
// the one that called it, when that has died.
func TestLongJobOfADeadWorkerIsLost(t *testing.T) {
	t.Parallel()
	a := accept(t, false)
	trigger := a.trigger("long", a.url)
	trigger.Completion = contract.Duration(5 * time.Second)
	a.publish(t, trigger)
	a.opened(t, trigger.ID)
	a.first.nc.Close()
	a.start()
	final := a.finals(t, 1)[0]
	a.drained(t)
	if a.finals(t, 1); final.ID != trigger.ID || final.Outcome != contract.OutcomeLost || final.ErrorClass != contract.ErrorLost {
		t.Errorf("got %+v", final)
	}
	if letter := a.letter(t, "long"); letter.Outcome != contract.OutcomeLost || letter.Trigger == nil || letter.Trigger.ID != trigger.ID {
		t.Errorf("got dead letter %+v", letter)
	}
}
