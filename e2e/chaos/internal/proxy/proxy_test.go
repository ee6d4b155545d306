package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/e2e/chaos/internal/proxy"
	"github.com/weplanx/workflow/shared/natstest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const patience = time.Minute

// setup returns a proxy that holds back "slow.", a connection through it, and
// one that is not.
func setup(t *testing.T) (p *proxy.Proxy, through, direct *nats.Conn) {
	t.Helper()
	server := natstest.Start(t)
	p, err := proxy.Start("127.0.0.1:0", strings.TrimPrefix(server.URL(), "nats://"), "slow.")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	through, err = nats.Connect("nats://"+p.Addr(), nats.Name("through"), nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(through.Close)
	return p, through, server.Connect(t)
}

func subscribe(t *testing.T, nc *nats.Conn, subject string) *nats.Subscription {
	t.Helper()
	sub, err := nc.SubscribeSync(subject)
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// took publishes n messages and returns how long it took until all of them had
// arrived, which must be in their order.
func took(t *testing.T, from *nats.Conn, subject string, sub *nats.Subscription, n int) time.Duration {
	t.Helper()
	began := time.Now()
	for i := range n {
		msg := &nats.Msg{Subject: subject, Data: []byte{byte(i)}}
		if i%2 == 1 {
			msg.Header = nats.Header{"x": {"y"}} // then it is an HMSG
		}
		if err := from.PublishMsg(msg); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		msg, err := sub.NextMsg(patience)
		if err != nil || msg.Data[0] != byte(i) {
			t.Fatalf("message %d: %v, %v", i, msg, err)
		}
	}
	return time.Since(began)
}

func TestOnlyTheSubjectsNamedAreHeldBack(t *testing.T) {
	t.Parallel()
	p, through, direct := setup(t)
	slow, fast := subscribe(t, through, "slow.>"), subscribe(t, through, "fast")
	took(t, direct, "slow.a", slow, 100)
	p.Delay(2 * time.Second)
	time.Sleep(4100 * time.Millisecond) // it grows by half a second each second
	began := time.Now()
	if err := direct.Publish("slow.b", []byte{0}); err != nil {
		t.Fatal(err)
	}
	took(t, direct, "fast", fast, 100)
	if n, _, err := slow.Pending(); err != nil || n > 0 && time.Since(began) < 2*time.Second {
		t.Errorf("what is held back for 2s came within %s, %v", time.Since(began), err)
	}
	if _, err := slow.NextMsg(patience); err != nil {
		t.Fatal(err)
	}
	if d := took(t, direct, "slow.c", slow, 100); d < 2*time.Second {
		t.Errorf("with a delay of 2s it took %s", d)
	}
	if d := took(t, through, "slow.d", slow, 1); d < 2*time.Second {
		t.Errorf("through the proxy and back it took %s", d)
	}
	p.Delay(0)
	took(t, direct, "slow.e", slow, 100)
}

func TestDelayGrowsForEachSubscription(t *testing.T) {
	t.Parallel()
	p, through, direct := setup(t)
	p.Delay(time.Second)
	sub := subscribe(t, through, "slow.>")
	took(t, direct, "slow.a", sub, 1)
	time.Sleep(time.Second)
	if d := took(t, direct, "slow.b", sub, 1); d < 500*time.Millisecond {
		t.Errorf("one a second later took %s, want 500ms at least", d)
	}
}

// An answer as long as JetStream's, and one that is longer than the proxy's
// buffer, arrive whole.
func TestLongMessagesArrive(t *testing.T) {
	t.Parallel()
	_, through, direct := setup(t)
	sub := subscribe(t, through, "fast")
	for _, size := range []int{0, 1, 64 << 10, 900 << 10} {
		if err := direct.Publish("fast", make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		if msg, err := sub.NextMsg(patience); err != nil || len(msg.Data) != size {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestCloseEndsConnections(t *testing.T) {
	t.Parallel()
	p, through, _ := setup(t)
	ended := through.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	p.Close()
	p.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the connection goes on")
	}
}
