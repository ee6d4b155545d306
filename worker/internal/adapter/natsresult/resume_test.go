package natsresult_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/worker/internal/adapter/natsresult"
	"github.com/weplanx/workflow/worker/internal/core"
)

// tap is a connection that tells of the pages of records that are asked for.
type tap struct {
	net.Conn

	mu    sync.Mutex
	pages [][]byte
	told  func(pages int)
}

func (p *tap) Dial(network, address string) (_ net.Conn, err error) {
	p.Conn, err = net.Dial(network, address)
	return p, err
}

func (p *tap) Write(data []byte) (int, error) {
	if bytes.Contains(data, []byte("$JS.API.DIRECT.GET.")) {
		p.mu.Lock()
		p.pages = append(p.pages, bytes.Clone(data))
		if p.told != nil {
			p.told(len(p.pages))
		}
		p.mu.Unlock()
	}
	return p.Conn.Write(data)
}

// Regression guard: a look-up that did not come to the end in time threw away what
// it had read, and so the next one did not get any further.
func TestLookUpGoesOnWhereAnotherRanOutOfTime(t *testing.T) {
	t.Parallel()
	p := &tap{}
	server := natstest.Start(t)
	js, err := jetstream.New(server.Connect(t, nats.SetCustomDialer(p)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), js, names, 1); err != nil {
		t.Fatal(err)
	}
	l := natsresult.New(js, names)
	for i := range 1200 { // three pages
		r := contract.Result{Kind: contract.KindFinal, Key: "k", ID: strconv.Itoa(i)}
		data, err := contract.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.PublishAsync(names.Result("k"), data, jetstream.WithMsgID(core.RecordID(r))); err != nil {
			t.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	ctx, cancel := context.WithCancel(t.Context())
	p.told = func(pages int) {
		if pages == 2 {
			cancel()
		}
	}
	since := time.Now().Add(-time.Minute)
	if _, err := l.Progress(ctx, "k", "x", since); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if got, err := l.Progress(t.Context(), "k", "1", since); err != nil || !got.Ended {
		t.Errorf("got %+v, %v", got, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pages) > 4 || !bytes.Contains(p.pages[2], []byte(`"seq":`)) {
		t.Errorf("%d pages were read, the third one by %q", len(p.pages), p.pages[2:3])
	}
}
