//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/e2e/chaos-worker/internal/account"
	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	// reportEvery is the wait after a report that was put off, or got no answer
	// within reportTimeout; a worker that is killed is back before long.
	reportEvery   = 300 * time.Millisecond
	reportTimeout = 5 * time.Second
	// longest is the longest completion of a job; reports that come later than that
	// are too late for each.
	longest = 5 * time.Second
)

// promise is how a target ends a long job.
type promise struct {
	never  bool
	failed bool
	byURL  bool // otherwise by the subject
	after  time.Duration
}

// promised is what a target does for an occurrence, the same for each attempt: of
// 20, two are never reported and one is too late.
func promised(chance *rand.Rand) promise {
	p := promise{byURL: chance.IntN(2) == 0, failed: chance.IntN(4) == 0}
	switch n := chance.IntN(20); {
	case n < 2:
		p.never = true
	case n < 3:
		p.after = longest + time.Second
	case n < 6: // perhaps before the worker has stored that it waits
	default:
		p.after = fleet.Random(chance, 50*time.Millisecond, 2500*time.Millisecond)
	}
	return p
}

// reports are what targets tell of the jobs that they have left open: each until it
// is taken or refused, and once more when the occurrence is called again after that
// was refused.
type reports struct {
	seed    uint64
	nc      *nats.Conn // to be set before the first call
	ctx     context.Context
	stop    context.CancelFunc
	client  http.Client
	running sync.WaitGroup

	mu   sync.Mutex
	busy map[string]bool // by ID: true while it is being reported, and once it was taken
	all  []account.Report
}

func newReports(seed uint64) *reports {
	ctx, stop := context.WithCancel(context.Background())
	return &reports{
		seed: seed, ctx: ctx, stop: stop, busy: map[string]bool{},
		client: http.Client{Timeout: reportTimeout, Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

func (r *reports) close() {
	r.stop()
	r.running.Wait()
}

// promise has the end of an occurrence reported, where the header of its call says.
func (r *reports) promise(id string, header http.Header) {
	p := promised(chance(r.seed, id))
	if p.never || !r.begin(id) {
		return
	}
	send := func() error { return r.bySubject(header.Get(contract.HeaderCompleteSubject), p.body()) }
	if p.byURL {
		send = func() error { return r.byURL(header.Get(contract.HeaderCompleteURL), p.body()) }
	}
	r.running.Go(func() { r.keep(id, p, send) })
}

// begin says whether nobody does it already.
func (r *reports) begin(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[id] {
		return false
	}
	r.busy[id] = true
	return true
}

// keep keeps a promise.
func (r *reports) keep(id string, p promise, send func() error) {
	for wait := p.after; fleet.Pause(r.ctx, wait); wait = reportEvery {
		report := account.Report{ID: id, Failed: p.failed, Sent: time.Now()}
		err := send()
		report.Answered, report.Taken, report.Refused = time.Now(), err == nil, errors.Is(err, errRefused)
		r.mu.Lock()
		r.all = append(r.all, report)
		if report.Refused {
			r.busy[id] = false
		}
		r.mu.Unlock()
		if report.Taken || report.Refused {
			return
		}
	}
}

// told returns the reports so far.
func (r *reports) told() []account.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]account.Report(nil), r.all...)
}

func (p promise) body() []byte {
	if p.failed {
		return []byte(`{"outcome":"failed","error":"no disk"}`)
	}
	return nil
}

var (
	errRefused = errors.New("nothing waits for the report")
	errPutOff  = errors.New("the report was put off")
)

func (r *reports) byURL(url string, body []byte) error {
	request, err := http.NewRequestWithContext(r.ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	switch response.StatusCode {
	case http.StatusNoContent:
		return nil
	case http.StatusNotFound:
		return errRefused
	default:
		return errPutOff
	}
}

func (r *reports) bySubject(subject string, body []byte) error {
	ctx, cancel := context.WithTimeout(r.ctx, reportTimeout)
	defer cancel()
	answer, err := r.nc.RequestWithContext(ctx, subject, body)
	if err != nil {
		return err
	}
	var reply contract.CompletedReply
	switch err := json.Unmarshal(answer.Data, &reply); {
	case err != nil:
		return err
	case reply.Error == "":
		return nil
	case strings.HasSuffix(reply.Error, "send it again"):
		return errPutOff
	default:
		return errRefused
	}
}
