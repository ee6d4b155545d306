package natsconf_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// answer answers requests until the test's cleanup; a queue group follows
// after a space.
func answer(t *testing.T, nc *nats.Conn, subject string) {
	t.Helper()
	subject, queue, _ := strings.Cut(subject, " ")
	_, err := nc.QueueSubscribe(subject, queue, func(m *nats.Msg) {
		if m.Reply != "" {
			_ = m.Respond([]byte("{}"))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
}

// Whoever listens to all inboxes that it may gets the answers to itself only.
func TestAnswersAreNotSeenByOthers(t *testing.T) {
	t.Parallel()
	s := start(t, alone("beta", "gamma"))
	s.fill(t, "beta")
	spies := map[string]*listener{}
	for user, inbox := range map[string]string{
		"beta.schedule": "_INBOX.schedule.>", "beta.worker": "_INBOX.worker.>", "beta.admin": "_INBOX.admin.>",
		"beta.client": "_INBOX.>", "gamma.client": "_INBOX.>", "gamma.schedule": "_INBOX.schedule.>",
	} {
		spies[user] = spy(t, s.connect(t, user), inbox)
	}
	asks := map[string]string{
		"beta.schedule": "$JS.API.STREAM.INFO.beta_triggers", "beta.worker": "$JS.API.STREAM.INFO.beta_results",
		"beta.admin": "$JS.API.STREAM.NAMES", "beta.client": "$JS.API.STREAM.INFO.KV_beta_schedules",
	}
	for user, subject := range asks {
		nc := s.connect(t, user)
		if _, err := nc.Request(subject, nil, patience); err != nil {
			t.Fatalf("%s: %v", user, err)
		}

		for spy, sub := range spies {
			if spy == user { // another connection with the same credential
				if _, err := sub.NextMsg(patience); err != nil {
					t.Errorf("%s saw no answer to %s: the test listens to the wrong subjects", spy, user)
				}
				continue
			}
			if got := drain(t, sub); got > 0 {
				t.Errorf("%s saw %d answers to %s", spy, got, user)
			}
		}
	}
}

// What an ordered consumer delivers to an application is seen by no other
// namespace and by none of the services.
func TestDeliveriesAreNotSeenByOthers(t *testing.T) {
	t.Parallel()
	s := start(t, alone("beta", "gamma"))
	s.fill(t, "beta")
	others := map[string]*listener{
		"gamma.client": spy(t, s.connect(t, "gamma.client"), "_INBOX.>"),
		"beta.worker":  spy(t, s.connect(t, "beta.worker"), "_INBOX.worker.>"),
		"beta.admin":   spy(t, s.connect(t, "beta.admin"), "_INBOX.admin.>"),
	}
	js, err := jetstream.New(s.connect(t, "beta.client"))
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.KeyValue(t.Context(), beta.Bucket())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := kv.Keys(t.Context())
	if err != nil || len(keys) == 0 {
		t.Fatalf("keys: %v, %v", keys, err)
	}
	for user, sub := range others {
		if got := drain(t, sub); got > 0 {
			t.Errorf("%s saw %d deliveries", user, got)
		}
	}
}

// listener is a subscription on a connection of its own.
type listener struct {
	*nats.Subscription
	nc *nats.Conn
}

func spy(t *testing.T, nc *nats.Conn, subject string) *listener {
	t.Helper()
	sub, err := nc.SubscribeSync(subject)
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	if err := nc.LastError(); err != nil {
		t.Fatal(err)
	}
	return &listener{sub, nc}
}

// drain returns how many messages have come.
func drain(t *testing.T, sub *listener) (count int) {
	t.Helper()
	// A round trip later everything that was sent before it is here.
	if err := sub.nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	for {
		n, _, err := sub.Pending()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return count
		}
		if _, err := sub.NextMsg(patience); err != nil {
			t.Fatal(err)
		}
		count++
	}
}
