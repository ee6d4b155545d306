package natsjobs_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/worker/internal/adapter/natsjobs"
	"github.com/weplanx/workflow/worker/internal/core"
)

// line is a connection to a server that can be stalled: nothing of what the server
// sends arrives meanwhile.
type line struct {
	net.Conn

	stalled sync.RWMutex
}

func (l *line) Dial(network, address string) (_ net.Conn, err error) {
	l.Conn, err = net.Dial(network, address)
	return l, err
}

func (l *line) Read(data []byte) (int, error) {
	n, err := l.Conn.Read(data)
	l.stalled.RLock()
	defer l.stalled.RUnlock()
	return n, err
}

// Regression guard: a pull that was given up while its server stalled ended the
// program, as soon as the server went on.
func TestPullIsGivenUpWhileTheServerStalls(t *testing.T) {
	t.Parallel()
	l := &line{}
	nc := natstest.Start(t).Connect(t, nats.SetCustomDialer(l))
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), js, names, 1); err != nil {
		t.Fatal(err)
	}
	put(t, js, names.Trigger("HTTP", "k"), "1")
	q := natsjobs.New(nc, js, names, natsjobs.WithAckWait(ackWait))
	ctx, cancel := context.WithCancel(t.Context())
	delivered, ended := make(chan struct{}), make(chan error)
	go func() { ended <- q.Receive(ctx, 2, func(core.Delivery) { close(delivered) }) }()
	<-delivered
	l.stalled.Lock()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	l.stalled.Unlock()
	if err := nc.FlushTimeout(patience); err != nil { // behind what the pull waits for
		t.Fatal(err)
	}
	put(t, js, names.Trigger("HTTP", "k"), "2")
	if d := one(t, q); string(d.Data) != "2" {
		t.Errorf("got %q", d.Data)
	}
}
