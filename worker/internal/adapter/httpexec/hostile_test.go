package httpexec_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/core"
)

// What no target may exceed, whatever it does.
const (
	limit      = 30500 * time.Millisecond // of the attempts of these tests
	mostTaken  = 256 << 10                // bytes from the wire: headers, body, and what was buffered
	mostMemory = 8 << 20                  // bytes that are allocated meanwhile, by both sides
)

// hostile is a target and what has to come of it.
type hostile struct {
	name   string
	serve  func(net.Conn)
	want   core.Answer   // without texts
	within time.Duration // in which the answer must have come; 0: at once
	or     string        // class that may come instead: it depends on who is first
	most   int64         // bytes that may be read; 0: mostTaken
	secure bool          // over TLS
}

const (
	head    = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
	chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
)

// some is a number of bytes that is net/http's business.
const some = -1

func class(name string) core.Answer { return core.Answer{Class: name} }

func success(bytes int64) core.Answer {
	return core.Answer{Verdict: core.Success, Status: http.StatusOK, Bytes: bytes}
}

// run makes the call in a bubble and looks at everything but the texts.
func (h *hostile) run(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		target, url := &pipes{serve: h.serve}, "http://target.test/"
		if h.secure {
			url = "https://target.test/"
		}
		e := on(t, target, httpexec.Settings{Roots: trusted(t)})
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		a := e.Execute(ctx, call(`{"url":"`+url+`","body":{"n":1}}`))
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		taken := target.taken.Load()
		e.Close()
		target.ended.Wait() // the connection is closed, or the target would go on

		if h.or != "" && a.Class == h.or {
			h.want.Class = h.or
		}
		if a.Verdict != h.want.Verdict || a.Status != h.want.Status || a.Class != h.want.Class || (a.Bytes != h.want.Bytes && h.want.Bytes != some) {
			t.Errorf("got %+v, want %+v", a, h.want)
		}
		if (a.Error == "") != (h.want.Class == "") {
			t.Errorf("got error %q with class %q", a.Error, a.Class)
		}
		if took > h.within {
			t.Errorf("it took %s, want at most %s", took, h.within)
		}
		if taken > max(h.most, mostTaken) {
			t.Errorf("%d bytes were read", taken)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > mostMemory {
			t.Errorf("%d bytes were allocated", n)
		}
	})
}

// Time, memory and what is read stay within bounds whatever a target does, and
// the class of the error says what it did.
//
//nolint:paralleltest // memory is measured
func TestHostileTargets(t *testing.T) {
	for _, h := range hostileTargets() {
		t.Run(h.name, func(t *testing.T) { h.run(t) })
	}
}

func hostileTargets() []hostile {
	protocol, network := class(contract.ErrorProtocol), class(contract.ErrorNetwork)
	timeout, secure := class(contract.ErrorTimeout), class(contract.ErrorTLS)
	return []hostile{
		{name: "endless body", serve: endless(head, strings.Repeat("x", 4096), 0), want: success(64 << 10)},
		{name: "endless chunks", serve: endless(chunked, "1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 0), want: success(64 << 10)},
		{name: "endless extensions of chunks", serve: endless(chunked, "1;"+strings.Repeat("x", 2000)+"\r\ny\r\n", 0), want: success(some)},
		{name: "endless trailers", serve: endless(chunked+"1\r\nx\r\n0\r\n", "a: b\r\n", 0), want: success(1)},
		{name: "chunk of no size", serve: text(chunked + "nothing\r\n"), want: success(0)},
		{name: "more than announced", serve: text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1234"), want: success(2)},
		{name: "less than announced", serve: text("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n1234"), want: success(4)},
		{name: "gzip bomb", serve: text("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb()), want: success(int64(len(bomb())))},

		{name: "one byte a second of body", serve: slowly(head + "0123456789"), want: timeout, within: limit},
		{name: "one byte a second after the headers", serve: endless(head, "x", time.Second), want: success(30), within: limit},
		{name: "silence in the body", serve: stall(head + "abc"), want: success(3), within: limit},
		{name: "silence", serve: stall(""), want: timeout, within: limit},
		{name: "silence in the headers", serve: stall("HTTP/1.1 200 OK\r\na: "), want: timeout, within: limit},
		{name: "nothing is read", serve: func(c net.Conn) { time.Sleep(2 * limit) }, want: timeout, within: limit},

		{name: "10 MB of headers", serve: megabytes("HTTP/1.1 200 OK\r\n", "a: "+strings.Repeat("b", 1019)+"\r\n"), want: protocol},
		{name: "10 MB in one header", serve: megabytes("HTTP/1.1 200 OK\r\na: ", strings.Repeat("b", 1024)), want: protocol},
		{name: "10 MB of status line", serve: megabytes("HTTP/1.1 200 ", strings.Repeat("b", 1024)), want: protocol},
		{name: "endless headers", serve: endless("HTTP/1.1 200 OK\r\n", "a: b\r\n", 0), want: protocol},
		{name: "endless header", serve: endless("HTTP/1.1 200 OK\r\na: ", "b", 0), want: protocol},
		{name: "endless folded header", serve: endless("HTTP/1.1 200 OK\r\na: b\r\n", " b\r\n", 0), want: protocol},

		{name: "endless 1xx", serve: endless("", "HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n", 0), want: protocol},
		{name: "endless 100", serve: endless("", "HTTP/1.1 100 Continue\r\n\r\n", 0), want: protocol},
		{name: "a 1xx a second", serve: endless("", "HTTP/1.1 102 Processing\r\n\r\n", time.Second), want: timeout, within: limit},
		{name: "some 1xx", serve: text(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 5) + head), want: success(0)},
		{
			name: "other protocol and silence", serve: stall("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
			want: core.Answer{Verdict: core.Permanent, Status: 101, Class: contract.ErrorStatus},
		},
		{
			name:  "other protocol and a flood",
			serve: endless("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "xxxx", 0),
			want:  core.Answer{Verdict: core.Permanent, Status: 101, Class: contract.ErrorStatus},
		},

		{name: "closed before the request", serve: func(net.Conn) {}, want: network},
		{name: "closed within the request", serve: func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 20)) }, want: network},
		{name: "closed after the request", serve: text(""), want: network},
		{name: "closed within the status line", serve: text("HTTP/1.1 2"), want: protocol},
		{name: "closed within the headers", serve: text("HTTP/1.1 200 OK\r\na: b\r\n"), want: network},
		{name: "closed within the body", serve: text("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), want: success(3)},
		{name: "closed within a chunk", serve: text(chunked + "5\r\nabc"), want: success(3)},

		{name: "not HTTP", serve: text("SSH-2.0-x\r\n"), want: protocol},
		{name: "HTTP/0.9", serve: text("<html></html>\r\n"), want: protocol},
		{name: "HTTP of letters", serve: text("HTTP/one 200 OK\r\n\r\n"), want: protocol},
		{name: "status of letters", serve: text("HTTP/1.1 two OK\r\n\r\n"), want: protocol},
		{name: "status of five digits", serve: text("HTTP/1.1 20000 OK\r\n\r\n"), want: protocol},
		{name: "negative status", serve: text("HTTP/1.1 -20 OK\r\n\r\n"), want: protocol},
		{name: "header without a colon", serve: text("HTTP/1.1 200 OK\r\nabc\r\n\r\n"), want: protocol},
		{name: "header without a name", serve: text("HTTP/1.1 200 OK\r\n: c\r\n\r\n"), want: protocol},
		{name: "header with NUL", serve: text("HTTP/1.1 200 OK\r\na: b\x00c\r\n\r\n"), want: protocol},
		{name: "header that begins folded", serve: text("HTTP/1.1 200 OK\r\n a: c\r\n\r\n"), want: protocol},
		{name: "negative length", serve: text("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), want: protocol},
		{name: "two lengths", serve: text("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), want: protocol},
		{name: "unknown transfer encoding", serve: text("HTTP/1.1 200 OK\r\nTransfer-Encoding: fast\r\n\r\n"), want: protocol},

		{name: "no TLS handshake", serve: func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, secure: true, want: secure, within: 10 * time.Second},
		{name: "slow TLS handshake", serve: silently(func(c net.Conn) { drip(c, "\x16\x03\x03\x40\x00"+strings.Repeat("\x02", 100)) }), secure: true, want: secure, within: 10 * time.Second},
		{name: "no TLS", serve: silently(func(c net.Conn) { _, _ = io.WriteString(c, head) }), secure: true, want: secure},
		{name: "closed before the TLS handshake", serve: func(net.Conn) {}, secure: true, want: network},
		{name: "closed within the TLS handshake", serve: silently(func(c net.Conn) { _, _ = io.WriteString(c, "\x16\x03\x03") }), secure: true, want: network},
		{name: "endless TLS handshake", serve: silently(func(c net.Conn) { flood(c, "", "\x16\x03\x03\x00\x04\x02\xff\xff\xff", 0) }), secure: true, want: secure},
		{name: "endless body over TLS", serve: secured(endless(head, strings.Repeat("x", 4096), 0), "http/1.1"), secure: true, want: success(64 << 10)},
		{name: "closed after the TLS handshake", serve: secured(func(net.Conn) {}, "http/1.1"), secure: true, want: network},
	}
}

// silently serves while what comes is read and forgotten.
func silently(serve func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		go func() { _, _ = io.Copy(io.Discard, c) }()
		serve(c)
	}
}

// bomb is 32 MiB of zeros, compressed.
func bomb() string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.CopyN(w, zeros{}, 32<<20)
	_ = w.Close()
	return b.String()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// A target may talk on although it was not asked.
func TestUnaskedAnswersAreNotTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ok := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		target := &pipes{serve: heard(func(c net.Conn) {
			_, _ = io.WriteString(c, ok)
			time.Sleep(time.Second)
			_, _ = io.WriteString(c, "HTTP/1.1 500 Unasked\r\nContent-Length: 0\r\n\r\n")
			_, _ = io.Copy(io.Discard, c)
		})}
		e := on(t, target, httpexec.Settings{})
		for range 3 {
			if a := execute(t, e, at("http://target.test/")); a.Verdict != core.Success {
				t.Errorf("got %+v", a)
			}
			time.Sleep(2 * time.Second)
		}
	})
}
