package natsjobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/worker/internal/adapter/natsjobs"
	"github.com/weplanx/workflow/worker/internal/core"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const (
	names    = contract.Names("beta")
	patience = time.Minute

	// ackWait is far longer than any test: nothing comes again by itself.
	ackWait = time.Hour
)

func setup(t *testing.T) (*natsjobs.Queue, jetstream.JetStream) {
	t.Helper()
	return setupWith(t, ackWait)
}

func setupWith(t *testing.T, ackWait time.Duration) (*natsjobs.Queue, jetstream.JetStream) {
	t.Helper()
	nc := natstest.Start(t).Connect(t)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), js, names, 1); err != nil {
		t.Fatal(err)
	}
	return natsjobs.New(nc, js, names, natsjobs.WithAckWait(ackWait)), js
}

func put(t *testing.T, js jetstream.JetStream, subject, data string) {
	t.Helper()
	if _, err := js.Publish(t.Context(), subject, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	porttest.RunQueue(t, func(t *testing.T, ackWait time.Duration) porttest.Queue {
		q, js := setupWith(t, ackWait)
		return porttest.Queue{Queue: q, Put: func(t *testing.T, key string, data []byte) {
			put(t, js, names.Trigger(contract.ModeHTTP, key), string(data))
		}}
	})
}

func messages(t *testing.T, js jetstream.JetStream) uint64 {
	t.Helper()
	stream, err := js.Stream(t.Context(), names.TriggerStream())
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().State.Msgs
}

// one receives one delivery, asking again after errors as the core does.
func one(t *testing.T, q *natsjobs.Queue) (d core.Delivery) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for d.Handle == nil {
		if ctx.Err() != nil {
			t.Fatal("nothing was delivered")
		}
		if err := q.Receive(ctx, 1, func(got core.Delivery) { d = got }); err != nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
	return d
}

func TestConsumerThatWasDeletedIsMadeAgain(t *testing.T) {
	t.Parallel()
	q, js := setup(t)
	put(t, js, names.Trigger("HTTP", "k"), "1")
	if err := one(t, q).Handle.Ack(); err != nil {
		t.Fatal(err)
	}
	for messages(t, js) > 0 { // until the server has seen the acknowledgement
		time.Sleep(time.Millisecond)
	}
	if err := js.DeleteConsumer(t.Context(), names.TriggerStream(), natsjobs.Durable); err != nil {
		t.Fatal(err)
	}
	put(t, js, names.Trigger("HTTP", "k"), "2")
	if d := one(t, q); string(d.Data) != "2" || q.Ready() != nil {
		t.Errorf("got %q, ready: %v", d.Data, q.Ready())
	}
}

func TestConsumerWithOtherSettingsIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*jetstream.ConsumerConfig){
		"limit of deliveries": func(c *jetstream.ConsumerConfig) { c.MaxDeliver = 5 },
		"filter":              func(c *jetstream.ConsumerConfig) { c.FilterSubject = "beta.triggers.HTTP.>" },
		"short ack wait":      func(c *jetstream.ConsumerConfig) { c.AckWait = ackWait / 2 },
		"backoff": func(c *jetstream.ConsumerConfig) {
			c.BackOff = []time.Duration{ackWait, 2 * ackWait}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, js := setup(t)
			config := jetstream.ConsumerConfig{
				Durable: natsjobs.Durable, FilterSubject: names.Triggers(), AckPolicy: jetstream.AckExplicitPolicy,
				AckWait: ackWait, MaxDeliver: -1,
			}
			change(&config)
			if _, err := js.CreateConsumer(t.Context(), names.TriggerStream(), config); err != nil {
				t.Fatal(err)
			}
			if err := q.Prepare(t.Context()); !errors.Is(err, natsjobs.ErrSettings) {
				t.Errorf("got %v, want the settings refused", err)
			}
			err := q.Receive(t.Context(), 1, func(core.Delivery) {})
			if !errors.Is(err, natsjobs.ErrSettings) || q.Ready() == nil {
				t.Errorf("got %v, ready: %v, want it refused", err, q.Ready())
			}
		})
	}
}

// Regression guard: clients take an empty message with a Status header for the
// server's own, and end the pull.
func TestTriggerThatLooksLikeAStatusIsDelivered(t *testing.T) {
	t.Parallel()
	q, js := setup(t)
	msg := nats.NewMsg(names.Trigger("HTTP", "k"))
	msg.Header.Set("Status", "409")
	msg.Header.Set("Description", "Consumer Deleted")
	if _, err := js.PublishMsg(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	if d := one(t, q); d.Key != "k" || len(d.Data) != 0 {
		t.Errorf("got %+v", d)
	}
}

func TestCursorsAreNotDelivered(t *testing.T) {
	t.Parallel()
	q, js := setup(t)
	put(t, js, names.Cursor(0), "cursor")
	put(t, js, names.Trigger("HTTP", "k"), "trigger")
	if d := one(t, q); string(d.Data) != "trigger" {
		t.Errorf("got %q", d.Data)
	}
}

func TestKeyOfOddSubjects(t *testing.T) {
	t.Parallel()
	q, js := setup(t)
	for subject, want := range map[string]string{
		"beta.triggers.HTTP":       "",
		"beta.triggers.HTTP.a":     "a",
		"beta.triggers.X.a.b.c/d":  "a.b.c/d",
		"beta.triggers.triggers.a": "a",
	} {
		put(t, js, subject, "x")
		d := one(t, q)
		if d.Key != want {
			t.Errorf("%s: got key %q, want %q", subject, d.Key, want)
		}
		if err := d.Handle.Ack(); err != nil {
			t.Fatal(err)
		}
	}
}

// Regression guard: a plain negative acknowledgement is not stored, so a trigger
// that a worker hands back when all of them stop, with the server or before it,
// would be delivered only after the ack wait.
func TestWhatIsHandedBackAtOnceOutlivesTheServer(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	nc := server.Connect(t)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), js, names, 1); err != nil {
		t.Fatal(err)
	}
	q := natsjobs.New(nc, js, names, natsjobs.WithAckWait(ackWait))
	put(t, js, names.Trigger("HTTP", "k"), "1")
	if err := one(t, q).Handle.Retry(0); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	server.Restart(t)
	if d := one(t, q); d.Count != 2 {
		t.Errorf("got delivery %d", d.Count)
	}
}
