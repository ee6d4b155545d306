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

const patience = 10 * time.Second

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
	through, err = nats.Connect("nats://"+p.Addr(), nats.Name("through"))
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
	if d := took(t, direct, "slow.a", slow, 100); d > time.Second {
		t.Errorf("without a delay it took %s", d)
	}
	p.Delay(time.Second)
	time.Sleep(2100 * time.Millisecond) // it grows by half a second each second
	if d := took(t, direct, "slow.b", slow, 100); d < time.Second || d > 3*time.Second {
		t.Errorf("with a delay of 1s it took %s", d)
	}
	if d := took(t, direct, "fast", fast, 100); d > 900*time.Millisecond {
		t.Errorf("what is not held back took %s", d)
	}
	if d := took(t, through, "slow.c", slow, 1); d < time.Second {
		t.Errorf("through the proxy and back it took %s", d)
	}
	p.Delay(0)
	if d := took(t, direct, "slow.d", slow, 100); d > time.Second {
		t.Errorf("after the delay it took %s", d)
	}
}

func TestDelayGrowsForEachSubscription(t *testing.T) {
	t.Parallel()
	p, through, direct := setup(t)
	p.Delay(time.Second)
	time.Sleep(time.Second)
	sub := subscribe(t, through, "slow.>")
	if d := took(t, direct, "slow.a", sub, 1); d > 400*time.Millisecond {
		t.Errorf("the first message took %s, want next to nothing", d)
	}
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
