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
)

// Trial is one namespace whose schedules all fire "@every" of one interval.
// Use it from one goroutine; only Arrived is safe for concurrent use.
type Trial struct {
	Names  contract.Names
	Ledger *ledger.Ledger

	t        *testing.T
	every    time.Duration
	js       jetstream.JetStream
	schedule *client.Schedule
	keys     []string
	results  *ledger.Reader
	audit    *ledger.Reader // nil: none
	late     lateness
	removed  time.Time
}

// New opens a namespace on a connection that reconnects for as long as it
// takes. The services must have made their streams already.
func New(t *testing.T, nc *nats.Conn, namespace string, every time.Duration) *Trial {
	t.Helper()
	tr := &Trial{Names: contract.Names(namespace), Ledger: ledger.New(namespace, every), t: t, every: every}
	var err error
	if tr.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	legacy, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if tr.schedule, err = client.New(namespace, nc, legacy); err != nil {
		t.Fatalf("client of %s: %v", namespace, err)
	}
	tr.results = &ledger.Reader{Stream: tr.Names.ResultStream(), Read: tr.record}
	return tr
}

// Audit copies every trigger from now on to a stream of its own, where the
// workers do not take them away. Call it again after the server was away: the
// copying may have ended then, and what is stored meanwhile is missed.
func (tr *Trial) Audit() {
	tr.t.Helper()
	ctx, cancel := tr.timeout()
	defer cancel()
	now := time.Now()
	if last := tr.audit; last != nil {
		tr.audit = nil
		if err := errors.Join(last.Poll(ctx, tr.js), tr.js.DeleteStream(ctx, last.Stream)); err != nil {
			tr.t.Fatalf("stream %s: %v", last.Stream, err)
		}
	}
	name := fmt.Sprintf("audit_%s_%d", tr.Names, now.UnixNano())
	_, err := tr.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: name,
		Sources: []*jetstream.StreamSource{
			{Name: tr.Names.TriggerStream(), FilterSubject: tr.Names.Triggers(), OptStartTime: &now},
		},
	})
	if err != nil {
		tr.t.Fatalf("stream %s: %v", name, err)
	}
	tr.audit = &ledger.Reader{Stream: name, Read: tr.publish}
}

// Arrived books a callback.
func (tr *Trial) Arrived(c receiver.Call) {
	late := c.Arrived.Sub(c.Scheduled)
	if late > remarkable {
		tr.t.Logf("%s: %s of %s arrived %s later", tr.Names, c.Key, c.Scheduled.Format("15:04:05.000"), late.Round(time.Millisecond))
	}
	tr.late.add(late)
	tr.Ledger.Called(c.ID)
}

func (tr *Trial) publish(m jetstream.Msg) error {
	trigger, err := contract.Decode[contract.Trigger](m.Data())
	if err != nil {
		return fmt.Errorf("trigger %s: %w", m.Subject(), err)
	}
	tr.Ledger.Published(trigger)
	return nil
}

func (tr *Trial) record(m jetstream.Msg) error {
	result, err := contract.Decode[contract.Result](m.Data())
	if err != nil {
		return fmt.Errorf("result %s: %w", m.Subject(), err)
	}
	tr.Ledger.Recorded(result)
	return nil
}

// Store stores n schedules with one job each that calls url.
func (tr *Trial) Store(n int, url string) {
	tr.t.Helper()
	ctx, cancel := tr.timeout()
	defer cancel()
	bucket, err := tr.js.KeyValue(ctx, tr.Names.Bucket())
	if err != nil {
		tr.t.Fatalf("bucket: %v", err)
	}
	for i := range n {
		key := fmt.Sprintf("job%03d", i)
		job := common.HttpJob("@every "+tr.every.String(), common.HttpOption{Url: url, Body: map[string]any{"n": i}})
		if err := tr.schedule.Set(key, job); err != nil {
			tr.t.Fatalf("set %s: %v", key, err)
		}
		// The timestamp comes from the bucket and not from our own client, so
		// that what is expected does not depend on our own code.
		entry, err := bucket.Get(ctx, key)
		if err != nil {
			tr.t.Fatalf("get %s: %v", key, err)
		}
		tr.Ledger.Stored(key, entry.Created())
		tr.keys = append(tr.keys, key)
	}
}

// Await waits until the first n occurrences of every key have a final record.
// The server may be away meanwhile.
func (tr *Trial) Await(n int, patience time.Duration) {
	tr.t.Helper()
	deadline := time.Now().Add(time.Duration(n)*tr.every + patience)
	for {
		err := tr.poll()
		done, want := tr.Ledger.Complete(n)
		if done == want && err == nil {
			return
		}
		if time.Now().After(deadline) {
			tr.t.Errorf("%s: %d of %d occurrences ended in time; last error: %v; %s", tr.Names, done, want, err, tr.Ledger.Totals())
			return
		}
		tr.pause(pollEvery)
	}
}

// Remove removes all schedules.
func (tr *Trial) Remove() {
	tr.t.Helper()
	for _, key := range tr.keys {
		if err := tr.schedule.Remove(key); err != nil {
			tr.t.Errorf("remove %s: %v", key, err)
		}
	}
	tr.removed = time.Now()
}

// Finish removes the schedules if that was not done yet, waits until what had
// been begun has ended, and checks the ledger.
func (tr *Trial) Finish(n int, rules ledger.Rules) {
	tr.t.Helper()
	if tr.removed.IsZero() {
		tr.Remove()
	}
	// A removal takes effect later; then the last calls are made.
	tr.pause(time.Until(tr.removed.Add(contract.EffectDelay + tr.every + 2*time.Second)))
	if err := tr.poll(); err != nil {
		tr.t.Errorf("%s: %v", tr.Names, err)
	}
	findings := tr.Ledger.Check(n, rules)
	for i, finding := range findings {
		if i == 20 {
			tr.t.Errorf("%s: %d more findings", tr.Names, len(findings)-i)
			break
		}
		tr.t.Errorf("%s: %s", tr.Names, finding)
	}
	tr.t.Logf("%s: %s; %s", tr.Names, tr.Ledger.Totals(), &tr.late)
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
		if err := tr.audit.Poll(ctx, tr.js); err != nil {
			return err
		}
	}
	return tr.results.Poll(ctx, tr.js)
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
