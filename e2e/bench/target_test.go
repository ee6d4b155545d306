package bench_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// targets are the receivers of callbacks, in a process of their own. Each is a
// host of its own for a worker, which tells hosts apart by their ports.
type targets struct {
	good    string // URL that answers 204 at once and counts
	held    string // answers 204 when release is called
	hanging string // never answers
	failing string // answers 503 at once
	control string
	used    string // tells the processor time of the targets
}

// seen is what the good target has seen since it was last asked.
type seen struct {
	Count   int
	First   time.Time       // arrival
	Late    []time.Duration // arrivals after their nominal time
	Waiting int             // calls that are held
}

func startTargets(b *testing.B) *targets {
	b.Helper()
	u := startProcess(b, "TestTargets", targetsVariable, "1")
	return &targets{good: u[0], held: u[1], hanging: u[2], failing: u[3], control: u[4], used: u[5]}
}

// look returns what was seen, and forgets it where forget is set.
func (t *targets) look(b *testing.B, forget bool) (s seen) {
	b.Helper()
	path := "/look"
	if forget {
		path = "/forget"
	}
	response, err := http.Get(t.control + path)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&s); err != nil {
		b.Fatal(err)
	}
	return s
}

// release answers the calls that are held.
func (t *targets) release(b *testing.B) {
	b.Helper()
	response, err := http.Post(t.control+"/release", "", nil)
	if err != nil {
		b.Fatal(err)
	}
	response.Body.Close()
}

// TestTargets is the targets' process.
func TestTargets(t *testing.T) {
	t.Parallel()
	if os.Getenv(targetsVariable) == "" {
		return
	}
	r := &receivers{released: make(chan struct{})}
	for _, handle := range []http.HandlerFunc{r.good, r.held, hang, fail, r.control, tellUsed} {
		serve(t, handle, &r.urls)
	}
	fmt.Println("URL", r.urls)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

type receivers struct {
	urls list

	mu       sync.Mutex
	seen     seen
	waiting  int
	released chan struct{} // closed by release
}

func (r *receivers) good(w http.ResponseWriter, q *http.Request) {
	now := time.Now()
	_, _ = io.Copy(io.Discard, q.Body)
	nominal, err := time.Parse(time.RFC3339Nano, q.Header.Get(contract.HeaderTime))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	if r.seen.Count++; r.seen.Count == 1 {
		r.seen.First = now
	}
	r.seen.Late = append(r.seen.Late, now.Sub(nominal))
	r.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (r *receivers) held(w http.ResponseWriter, q *http.Request) {
	_, _ = io.Copy(io.Discard, q.Body)
	r.mu.Lock()
	r.waiting++
	released := r.released
	r.mu.Unlock()
	select {
	case <-released:
	case <-q.Context().Done():
	}
	r.mu.Lock()
	r.waiting--
	r.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func hang(_ http.ResponseWriter, q *http.Request) {
	_, _ = io.Copy(io.Discard, q.Body)
	<-q.Context().Done()
}

func fail(w http.ResponseWriter, q *http.Request) {
	_, _ = io.Copy(io.Discard, q.Body)
	w.WriteHeader(http.StatusServiceUnavailable)
}

func (r *receivers) control(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch q.URL.Path {
	case "/release":
		close(r.released)
		r.released = make(chan struct{})
		return
	case "/forget":
		defer func() { r.seen = seen{} }()
	}
	r.seen.Waiting = r.waiting
	_ = json.NewEncoder(w).Encode(r.seen) // who asked has gone
}
