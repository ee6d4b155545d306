package bootstrap_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/worker/bootstrap"
	"github.com/weplanx/workflow/worker/internal/adapter/natsevents"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

// patience bounds every wait of these tests; it is more than twice what a server
// waits for an acknowledgement.
const patience = time.Minute

// endless is longer than a test waits for anything.
const endless = contract.Duration(2 * patience)

// bench is a namespace on a real server.
type bench struct {
	server *natstest.Server
	names  contract.Names
	nc     *nats.Conn
	js     jetstream.JetStream
}

func setup(t *testing.T) *bench {
	t.Helper()
	return onServer(t, natstest.Start(t), "beta")
}

func onServer(t *testing.T, server *natstest.Server, namespace string) *bench {
	t.Helper()
	return onConnection(t, server, server.Connect(t), namespace)
}

func onConnection(t *testing.T, server *natstest.Server, nc *nats.Conn, namespace string) *bench {
	t.Helper()
	b := &bench{server: server, names: contract.Names(namespace), nc: nc}
	var err error
	if b.js, err = jetstream.New(b.nc); err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), b.js, b.names, 1); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) config() bootstrap.Config {
	c := bootstrap.Defaults()
	c.Namespace = string(b.names)
	c.Log = logging.Discard()
	c.EgressAllow = []string{"127.0.0.0/8", "::1"} // where the receivers are
	return c
}

// running is a worker that runs until it is stopped.
type running struct {
	app  *bootstrap.App
	nc   *nats.Conn
	stop func()
}

// start runs a worker on a connection of its own.
func (b *bench) start(t *testing.T, change func(*bootstrap.Config)) *running {
	t.Helper()
	c := b.config()
	if change != nil {
		change(&c)
	}
	nc := b.server.Connect(t)
	app, err := bootstrap.NewWithConn(t.Context(), c, nc)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, app, nc)
}

// run runs a worker. It is stopped at cleanup.
func run(t *testing.T, app *bootstrap.App, nc *nats.Conn) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := app.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	r := &running{app: app, nc: nc, stop: func() { cancel(); <-done }}
	t.Cleanup(r.stop)
	eventually(t, "the worker is ready", func() bool { return app.Ready() == nil })
	return r
}

// trigger is one that is due now.
func (b *bench) trigger(key, url string) contract.Trigger {
	return b.triggerAt(key, url, time.Now())
}

func (b *bench) triggerAt(key, url string, at time.Time) contract.Trigger {
	option, _ := json.Marshal(contract.HttpOption{Url: url, Body: map[string]any{"key": key}})
	at = at.UTC()
	return contract.Trigger{
		ID: contract.OccurrenceID(string(b.names), key, 0, at), Key: key, Mode: contract.ModeHTTP,
		Scheduled: at, Due: at, Option: option,
	}
}

func (b *bench) publish(t *testing.T, trigger contract.Trigger) {
	t.Helper()
	data, err := contract.Encode(trigger)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a trigger is published", func() bool { // the server may be away
		_, err := b.js.Publish(t.Context(), b.names.Trigger(trigger.Mode, trigger.Key), data, jetstream.WithMsgID(trigger.ID))
		return err == nil
	})
}

// events publishes what it is given to.
func (b *bench) events() *natsevents.Publisher {
	return natsevents.NewPublisher(b.nc, natsio.NewRefusals(b.nc), b.names)
}

// listened sends an event again while no worker listens yet: the subscription may
// come after a worker is ready.
func listened(t *testing.T, send func() error) {
	t.Helper()
	eventually(t, "a worker listens to events", func() bool {
		err := send()
		if err != nil && !errors.Is(err, natsevents.ErrNobody) {
			t.Fatal(err)
		}
		return err == nil
	})
}

func (b *bench) publishRaw(t *testing.T, subject string, data []byte) {
	t.Helper()
	if _, err := b.js.Publish(t.Context(), subject, data); err != nil {
		t.Fatal(err)
	}
}

// records returns the log stream, oldest first.
func (b *bench) records(t *testing.T) []contract.Result {
	t.Helper()
	stream, err := b.js.Stream(t.Context(), b.names.ResultStream())
	if err != nil {
		return nil // the server restarts
	}
	var all []contract.Result
	for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		msg, err := stream.GetMsg(t.Context(), seq)
		if err != nil {
			return nil
		}
		r, err := contract.Decode[contract.Result](msg.Data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// letters returns the stream of dead letters, oldest first.
func (b *bench) letters(t *testing.T) (all []contract.Dead) {
	t.Helper()
	for _, msg := range b.stored(t, b.names.DeadStream()) {
		letter, err := contract.Decode[contract.Dead](msg.Data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, letter)
	}
	return all
}

// letter returns the only dead letter, which is of that key.
func (b *bench) letter(t *testing.T, key string) contract.Dead {
	t.Helper()
	letters := b.letters(t)
	if len(letters) != 1 || letters[0].Key != key {
		t.Fatalf("got dead letters %+v, want one of %s", letters, key)
	}
	return letters[0]
}

// stored returns the messages of a stream, oldest first.
func (b *bench) stored(t *testing.T, name string) (all []*jetstream.RawStreamMsg) {
	t.Helper()
	stream, err := b.js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		msg, err := stream.GetMsg(t.Context(), seq)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, msg)
		}
	}
	return all
}

// finals waits until n occurrences have ended and returns their final records.
func (b *bench) finals(t *testing.T, n int) []contract.Result {
	t.Helper()
	var finals []contract.Result
	eventually(t, "the final records are there", func() bool {
		finals = finals[:0]
		for _, r := range b.records(t) {
			if r.Kind == contract.KindFinal {
				finals = append(finals, r)
			}
		}
		return len(finals) >= n
	})
	if len(finals) != n {
		t.Errorf("got %d final records, want %d", len(finals), n)
	}
	return finals
}

// drained waits until no trigger is left.
func (b *bench) drained(t *testing.T) {
	t.Helper()
	eventually(t, "the triggers are acknowledged", func() bool {
		stream, err := b.js.Stream(t.Context(), b.names.TriggerStream())
		return err == nil && stream.CachedInfo().State.Msgs == 0
	})
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("it did not happen that %s", what)
}

// call is a request that a receiver got.
type call struct {
	at     time.Time
	header http.Header
	body   string
}

// receiver is a target of callbacks.
type receiver struct {
	url string

	mu    sync.Mutex
	calls []call
}

// receive starts a receiver that answers with what answer returns for the n-th
// call, from 1.
func receive(t *testing.T, answer func(n int, r *http.Request) int) *receiver {
	t.Helper()
	r := &receiver{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.calls = append(r.calls, call{time.Now(), req.Header.Clone(), string(body)})
		n := len(r.calls)
		r.mu.Unlock()
		w.WriteHeader(answer(n, req))
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func ok(int, *http.Request) int { return http.StatusOK }

func (r *receiver) got() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call(nil), r.calls...)
}

// counts returns how often each occurrence was called.
func (r *receiver) counts() map[string]int {
	counts := map[string]int{}
	for _, c := range r.got() {
		counts[c.header.Get(contract.HeaderID)]++
	}
	return counts
}

func wantError(t *testing.T, err error, name string) {
	t.Helper()
	wrong, is := err.(*config.Error) //nolint:errorlint // it must be the error itself
	if !is || wrong.Name != name || strings.TrimSpace(wrong.Problem) == "" {
		t.Errorf("got error %v, want one about %s", err, name)
	}
}
