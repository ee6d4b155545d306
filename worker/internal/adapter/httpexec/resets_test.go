package httpexec_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/core"
)

// A reset is what the system reports of a connection that the target ended
// without a word, at whatever stage. The status alone decides: what is reset
// after it is a success.
func TestResets(t *testing.T) {
	t.Parallel()
	network := core.Answer{Verdict: core.Temporary, Class: contract.ErrorNetwork}
	reset := network
	reset.Error = syscall.ECONNRESET.Error()
	one := func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) } // which tells that the connection was made
	for name, test := range map[string]struct {
		serve func(net.Conn) // before the reset
		want  core.Answer
	}{
		"in the request":     {one, network},
		"after the request":  {text(""), reset},
		"in the status line": {text("HTTP/1.1 200"), network},
		"in the headers":     {text("HTTP/1.1 200 OK\r\na: b\r\n"), network},
		"in the body":        {text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), success(3)},
		"in a chunk":         {text(chunked + "a\r\nabc"), success(3)},
		"between chunks":     {text(chunked + "3\r\nabc\r\n"), success(3)},
	} {
		for scheme, serve := range map[string]func(net.Conn){"http": test.serve, "https": secured(test.serve, "http/1.1")} {
			t.Run(name+", "+scheme, func(t *testing.T) {
				t.Parallel()
				wantReset(t, scheme, serve, test.want)
			})
		}
	}
	for name, serve := range map[string]func(net.Conn){
		"before the answer to the TLS handshake": one,
		"in the TLS handshake": func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "\x16\x03\x03\x00\x7a\x02\x00\x00\x76")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantReset(t, "https", serve, reset)
		})
	}
}

// wantReset makes a call that serve answers and that is reset then.
func wantReset(t *testing.T, scheme string, serve func(net.Conn), want core.Answer) {
	t.Helper()
	e := on(t, resetting(t, serve), httpexec.Settings{Roots: trusted(t)})
	a := execute(t, e, at(scheme+"://target.test/"))
	if a.Verdict != want.Verdict || a.Class != want.Class || a.Status != want.Status || a.Bytes != want.Bytes {
		t.Errorf("got %+v, want %+v", a, want)
	}
	if (a.Error == "") != (want.Class == "") || (want.Error != "" && a.Error != want.Error) || strings.Contains(a.Error, "127.0.0.1") {
		t.Errorf("got error %q", a.Error)
	}
}

// fixed dials one address, whatever it is asked for.
type fixed string

func (f fixed) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, string(f))
}

// resetting is a target that serves each connection and then resets it.
func resetting(t *testing.T, serve func(net.Conn)) fixed {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer abort(c)
				serve(c)
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); open.Wait() })
	return fixed(listener.Addr().String())
}

// abort has the peer get what was sent, and then a RST instead of an end.
func abort(c net.Conn) {
	time.Sleep(10 * time.Millisecond) // until that has arrived
	_ = c.(*net.TCPConn).SetLinger(0) //nolint:forcetypeassert // it listens on tcp
	_ = c.Close()
}
