//go:build unix

package main

import (
	"context"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weplanx/workflow/e2e/chaos-worker/internal/account"
	"github.com/weplanx/workflow/shared/contract"
)

// behaviour decides what a target answers: a status, after a wait. Status 0
// breaks the connection off.
type behaviour func(chance *rand.Rand) (status int, wait time.Duration)

const forever = time.Hour // longer than any timeout

// Behaviours of targets, each of which listens on a port of its own and is a
// host of its own for the workers.
var behaviours = map[string]behaviour{
	"fast": func(*rand.Rand) (int, time.Duration) { return http.StatusNoContent, 0 },
	"slow": func(chance *rand.Rand) (int, time.Duration) {
		return http.StatusOK, 50*time.Millisecond + time.Duration(chance.IntN(550))*time.Millisecond
	},
	"flaky":   flaky,
	"long":    func(*rand.Rand) (int, time.Duration) { return http.StatusAccepted, 0 }, // and reports the end: see reports
	"hanging": func(*rand.Rand) (int, time.Duration) { return http.StatusOK, forever },
}

func flaky(chance *rand.Rand) (status int, wait time.Duration) {
	switch n := chance.IntN(100); {
	case n < 45:
		return http.StatusNoContent, 0
	case n < 60:
		return http.StatusInternalServerError + chance.IntN(5), 0 // 500 to 504
	case n < 70:
		return 0, 0
	case n < 78:
		return http.StatusOK, forever
	case n < 90:
		return http.StatusTooManyRequests, 0
	case n < 95:
		return http.StatusGone, 0
	default:
		return http.StatusAccepted, time.Duration(chance.IntN(900)) * time.Millisecond
	}
}

// targets are the receivers of all callbacks. What they answer depends on the
// seed, the occurrence and the attempt alone.
type targets struct {
	seed    uint64
	calm    atomic.Bool // everything is answered with 204 at once
	ports   map[string]int
	reports *reports

	servers []*http.Server
	serving sync.WaitGroup

	mu    sync.Mutex
	calls []*account.Call
}

func newTargets(ctx context.Context, seed uint64) (*targets, error) {
	t := &targets{seed: seed, ports: map[string]int{}, reports: newReports(seed)}
	for name, behave := range behaviours {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			t.close()
			return nil, err
		}
		t.ports[name] = listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on tcp
		server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: t.handler(behave, name == "long")}
		t.servers = append(t.servers, server)
		t.serving.Go(func() { _ = server.Serve(listener) })
	}
	return t, nil
}

// close ends the targets, the calls that hang and the reports.
func (t *targets) close() {
	t.reports.close()
	for _, s := range t.servers {
		s.Close()
	}
	t.serving.Wait()
}

func (t *targets) url(name string) string {
	return "http://127.0.0.1:" + strconv.Itoa(t.ports[name]) + "/" + name
}

func (t *targets) handler(behave behaviour, long bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := t.arrived(r)
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that a caller has gone
		status, wait := behave(t.chance(call))
		if t.calm.Load() {
			status, wait = http.StatusNoContent, 0
		}
		if !t.outlasts(r.Context(), wait) {
			status = 0
		}
		open := long && status == http.StatusAccepted
		if open {
			w.Header().Set(contract.HeaderComplete, contract.CompleteCallback)
		}
		t.left(call, status, open)
		answer(w, status)
		if open {
			t.reports.promise(call.ID, r.Header)
		}
	})
}

// outlasts waits; false: the caller has gone before.
func (t *targets) outlasts(ctx context.Context, wait time.Duration) bool {
	if wait == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// answer sends a status, or resets the connection.
func answer(w http.ResponseWriter, status int) {
	switch status {
	case 0:
		conn, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // HTTP/1.1
		if err != nil {
			return // the connection has ended
		}
		_ = conn.(*net.TCPConn).SetLinger(0) //nolint:forcetypeassert // it listens on tcp
		conn.Close()
		return
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
}

// chance is the same for the same attempt of the same occurrence.
func (t *targets) chance(c *account.Call) *rand.Rand {
	return chance(t.seed, c.ID+"."+strconv.Itoa(c.Attempt))
}

// chance is the same for the same name.
func chance(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

func (t *targets) arrived(r *http.Request) *account.Call {
	attempt, _ := strconv.Atoi(r.Header.Get(contract.HeaderAttempt))
	_, worker, _ := strings.Cut(r.UserAgent(), "/") // see addWorker
	call := &account.Call{ID: r.Header.Get(contract.HeaderID), Attempt: attempt, Worker: worker, Arrived: time.Now()}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, call)
	return call
}

func (t *targets) left(call *account.Call, status int, open bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	call.Left, call.Status, call.Open = time.Now(), status, open
}

// all returns the calls so far. Those that have not been answered have none of
// what an answer brings.
func (t *targets) all() []account.Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]account.Call, len(t.calls))
	for i, c := range t.calls {
		all[i] = *c
	}
	return all
}

func (t *targets) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.calls)
}
