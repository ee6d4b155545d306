// Package trial carries out a trial of running services: it stores schedules
// with the client, watches what becomes of them and lets the ledger decide.
package trial

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/receiver"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	callTimeout = 10 * time.Second       // of one request to NATS
	pollEvery   = 500 * time.Millisecond // how often the streams are read
	storeLimit  = time.Minute            // for storing, and for removing, all schedules
)

// Trial is one namespace whose schedules fire "@every" of one interval, but for
// those that Book knows.
// Use it from one goroutine; only Arrived is safe for concurrent use.
type Trial struct {
	Names  contract.Names
	Ledger *ledger.Ledger

	t        testing.TB
	every    time.Duration
	slowest  time.Duration       // of all intervals
	app      jetstream.JetStream // of an application
	admin    jetstream.JetStream // of who may read all streams
	schedule *client.Schedule
	keys     []string
	results  *ledger.Reader
	audit    *ledger.Reader // nil: none
	observed *observed      // nil: not
	late     lateness
	removed  time.Time
}

// New opens a namespace on two connections that reconnect for as long as it
// takes: that of an application, which stores the schedules, and that of somebody
// who may read all streams. They may be the same. The services must have made
// their streams already.
func New(t testing.TB, app, admin *nats.Conn, namespace string, every time.Duration) *Trial {
	t.Helper()
	tr := &Trial{Names: contract.Names(namespace), Ledger: ledger.New(namespace, every), t: t, every: every}
	var errs [3]error
	tr.app, errs[0] = jetstream.New(app)
	tr.admin, errs[1] = jetstream.New(admin)
	legacy, err := app.JetStream()
	if err == nil {
		tr.schedule, errs[2] = client.New(namespace, app, legacy)
	}
	if err := errors.Join(append(errs[:], err)...); err != nil {
		t.Fatalf("open %s: %v", namespace, err)
	}
	tr.results = &ledger.Reader{Stream: tr.Names.ResultStream(), Read: tr.record}
	return tr
}

// Through has the streams read on another connection from now on.
func (tr *Trial) Through(admin *nats.Conn) {
	tr.t.Helper()
	js, err := jetstream.New(admin)
	if err != nil {
		tr.t.Fatalf("open %s: %v", tr.Names, err)
	}
	tr.admin = js
}

// Arrived books a callback.
func (tr *Trial) Arrived(c receiver.Call) {
	tr.late.add(c.Arrived.Sub(c.Scheduled))
	tr.Ledger.Called(c.ID, c.Arrived)
}

func (tr *Trial) record(m jetstream.Msg) error {
	result, err := contract.Decode[contract.Result](m.Data())
	if err != nil {
		return fmt.Errorf("result %s: %w", m.Subject(), err)
	}
	meta, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("result %s: %w", m.Subject(), err)
	}
	tr.Ledger.Recorded(result, meta.Timestamp)
	return nil
}

// Store stores n schedules with one job each that calls url.
func (tr *Trial) Store(n int, url string) {
	tr.t.Helper()
	ctx, cancel := context.WithTimeout(tr.t.Context(), storeLimit)
	defer cancel()
	bucket := tr.bucket(ctx)
	for i := range n {
		key := fmt.Sprintf("job%03d", i)
		job := common.HttpJob("@every "+tr.every.String(), common.HttpOption{Url: url, Body: map[string]any{"n": i}})
		if err := tr.schedule.SetContext(ctx, key, job); err != nil {
			tr.t.Fatalf("set %s: %v", key, err)
		}
		tr.book(ctx, bucket, key, ledger.Times{Every: tr.every})
	}
}

// Book has the ledger expect what a schedule demands that was stored once, with
// one job. Call it at once: see ledger.Stored.
func (tr *Trial) Book(key string, times ledger.Times) {
	tr.t.Helper()
	ctx, cancel := tr.timeout()
	defer cancel()
	tr.book(ctx, tr.bucket(ctx), key, times)
}

func (tr *Trial) bucket(ctx context.Context) jetstream.KeyValue {
	tr.t.Helper()
	bucket, err := tr.app.KeyValue(ctx, tr.Names.Bucket())
	if err != nil {
		tr.t.Fatalf("bucket: %v", err)
	}
	return bucket
}

// book takes the timestamp from the bucket and not from our own client, so that
// what is expected does not depend on our own code.
func (tr *Trial) book(ctx context.Context, bucket jetstream.KeyValue, key string, times ledger.Times) {
	tr.t.Helper()
	entry, err := bucket.Get(ctx, key)
	for errors.Is(err, jetstream.ErrKeyNotFound) { // the replica that answers may be behind
		tr.pause(pollEvery / 10)
		entry, err = bucket.Get(ctx, key)
	}
	if err != nil {
		tr.t.Fatalf("get %s: %v", key, err)
	}
	tr.Ledger.StoredAs(key, entry.Created(), times)
	tr.keys = append(tr.keys, key)
	tr.slowest = max(tr.slowest, times.Every)
}

// Await waits until the first n occurrences of every key have ended. The server
// may be away meanwhile.
func (tr *Trial) Await(n int, patience time.Duration) {
	tr.t.Helper()
	tr.await(time.Duration(n)*tr.slowest+patience, func() (done, want int) { return tr.Ledger.Complete(n) })
}

// More waits until n more occurrences of every key have ended than have now.
func (tr *Trial) More(n int, patience time.Duration) {
	tr.t.Helper()
	tr.Await(tr.Ledger.Reached()+n, patience)
}

func (tr *Trial) await(limit time.Duration, ended func() (done, want int)) {
	tr.t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := tr.poll()
		done, want := ended()
		if done == want && err == nil {
			return
		}
		if time.Now().After(deadline) {
			tr.t.Fatalf("%s: %d of %d occurrences ended within %s; last error: %v; %s", tr.Names, done, want, limit, err, tr.Ledger.Totals())
		}
		tr.pause(pollEvery)
	}
}

// List returns the keys of the namespace.
func (tr *Trial) List() []string {
	tr.t.Helper()
	keys, err := tr.schedule.List()
	if err != nil {
		tr.t.Fatalf("list %s: %v", tr.Names, err)
	}
	return keys
}

func (tr *Trial) poll() error {
	ctx, cancel := tr.timeout()
	defer cancel()
	if tr.audit != nil {
		if err := tr.audit.Poll(ctx, tr.admin); err != nil {
			return err
		}
	}
	return tr.results.Poll(ctx, tr.admin)
}

func (tr *Trial) timeout() (context.Context, context.CancelFunc) {
	return context.WithTimeout(tr.t.Context(), callTimeout)
}

func (tr *Trial) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-tr.t.Context().Done():
	}
}
