package httpexec_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
)

// Frames and flags of HTTP/2 (RFC 9113, section 6).
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePush         = 5
	framePing         = 6
	frameGoAway       = 7
	frameWindow       = 8
	frameContinuation = 9

	endStream  = 1
	endHeaders = 4
)

// frame writes a frame out.
func frame(kind, flags byte, stream uint32, payload string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

// number is a 32-bit field.
func number(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

// Header blocks (RFC 7541).
const (
	status200 = "\x88"
	status100 = "\x48\x03100"
)

// literal is a header field with a name and value of less than 127 bytes that
// enters no table.
func literal(name, value string) string {
	return "\x00" + string(rune(len(name))) + name + string(rune(len(value))) + value
}

// h2 serves over HTTP/2: settings first, then, once the request has come,
// serve. What the executor sends is read and forgotten.
func h2(settings string, serve func(io.Writer)) func(net.Conn) {
	return secured(func(c net.Conn) {
		asked, gone := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(gone)
			readFrames(c, asked)
		}()
		_, _ = io.WriteString(c, settings)
		select {
		case <-asked:
			serve(c)
		case <-gone:
		}
		_ = c.Close()
		<-gone
	}, "h2")
}

// readFrames reads until the other side hangs up and closes asked at the first
// request.
func readFrames(r io.Reader, asked chan<- struct{}) {
	const preface = 24
	if _, err := io.ReadFull(r, make([]byte, preface)); err != nil {
		return
	}
	head := make([]byte, 9)
	for first := true; ; {
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		if head[3] == frameHeaders && first {
			first = false
			close(asked)
		}
		size := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, r, size); err != nil {
			return
		}
	}
}

const moment = time.Millisecond

// say answers that and waits a moment, so that it is read before the hang-up.
func say(answer string) func(io.Writer) {
	return func(w io.Writer) {
		_, _ = io.WriteString(w, answer)
		time.Sleep(moment)
	}
}

// hold answers that and says no more for longer than an attempt.
func hold(answer string) func(io.Writer) {
	return func(w io.Writer) {
		_, _ = io.WriteString(w, answer)
		time.Sleep(2 * limit)
	}
}

func again(first, piece string, every time.Duration) func(io.Writer) {
	return func(w io.Writer) { flood(w, first, piece, every) }
}

// The same as for HTTP/1.1 holds for HTTP/2, where a target has more ways.
//
//nolint:paralleltest // memory is measured
func TestHostileTargetsHTTP2(t *testing.T) {
	for _, h := range hostileTargetsHTTP2() {
		t.Run(h.name, func(t *testing.T) { h.run(t) })
	}
}

// A connection that is silent has to answer a ping after 15 s, within 15 s:
// calls would be put on a dead one until the system gives it up.
func hostileTargetsHTTP2() []hostile {
	settings := frame(frameSettings, 0, 0, "")
	ok := frame(frameHeaders, endHeaders, 1, status200)
	protocol, network, timeout := class(contract.ErrorProtocol), class(contract.ErrorNetwork), class(contract.ErrorTimeout)
	cases := []hostile{
		{name: "answer", serve: h2(settings, say(frame(frameHeaders, endHeaders|endStream, 1, status200))), want: success(0)},
		{name: "answer with a body", serve: h2(settings, say(ok+frame(frameData, endStream, 1, "abc"))), want: success(3)},
		{name: "silence", serve: h2("", say("")), want: network, within: moment},
		{name: "silence after the settings", serve: h2(settings, hold("")), want: network, within: limit},
		{name: "silence in the body", serve: h2(settings, hold(ok)), want: success(0), within: limit},
		{name: "no stream is allowed", serve: h2(frame(frameSettings, 0, 0, "\x00\x03"+number(0)), hold("")), want: network, within: limit},
		{name: "no window for the request", serve: h2(frame(frameSettings, 0, 0, "\x00\x04"+number(0)), hold("")), want: network, within: limit},

		{name: "other frame first", serve: h2(frame(framePing, 0, 0, "12345678"), hold("")), want: protocol, or: contract.ErrorNetwork},
		{name: "HTTP/1.1", serve: h2("HTTP/1.1 200 OK\r\n\r\n", hold("")), want: protocol, or: contract.ErrorNetwork},
		{name: "frame that is too large", serve: h2(settings, hold("\xff\xff\xff\x00\x00\x00\x00\x00\x01")), want: protocol},
		{name: "header block of garbage", serve: h2(settings, hold(frame(frameHeaders, endHeaders, 1, "\xff\xff\xff\xff\xff\xff"))), want: protocol},
		{name: "no status", serve: h2(settings, hold(frame(frameHeaders, endHeaders, 1, literal("a", "b")))), want: protocol},
		{name: "status of letters", serve: h2(settings, hold(frame(frameHeaders, endHeaders, 1, "\x48\x03abc"))), want: protocol},
		{name: "upper case header", serve: h2(settings, hold(frame(frameHeaders, endHeaders, 1, status200+literal("A", "b")))), want: protocol},
		{name: "data before headers", serve: h2(settings, hold(frame(frameData, 0, 1, "abc"))), want: protocol},
		{name: "answer to another stream", serve: h2(settings, hold(frame(frameHeaders, endHeaders, 7, status200))), want: network, within: limit},
		{name: "push", serve: h2(settings, hold(frame(framePush, endHeaders, 1, number(2)+"\x82"))), want: protocol},
		{name: "window that overflows", serve: h2(settings, hold(strings.Repeat(frame(frameWindow, 0, 0, number(1<<31-1)), 2))), want: protocol},
		{name: "headers within headers", serve: h2(settings, hold(frame(frameHeaders, 0, 1, status200)+frame(frameData, 0, 1, ""))), want: protocol},

		{name: "reset", serve: h2(settings, say(frame(frameReset, 0, 1, number(2)))), want: network},
		{name: "refused again and again", serve: h2(settings, say(frame(frameReset, 0, 1, number(7)))), want: network, within: limit},
		{name: "reset in the body", serve: h2(settings, say(ok+frame(frameData, 0, 1, "abc")+frame(frameReset, 0, 1, number(2)))), want: success(3)},
		{name: "goes away", serve: h2(settings, say(frame(frameGoAway, 0, 0, number(0)+number(11)+"hidden"))), want: network},
		{name: "goes away politely, always", serve: h2(settings, say(frame(frameGoAway, 0, 0, number(0)+number(0)))), want: network, within: 10 * moment},
		{name: "hangs up", serve: h2(settings, say("")), want: network, within: moment},
		{name: "hangs up in a frame", serve: h2(settings, say("\x00\x00\x05\x01")), want: network, within: moment},

		{name: "endless data", serve: h2(settings, again(ok, frame(frameData, 0, 1, strings.Repeat("x", 4096)), 0)), want: success(some)},
		{name: "one byte a second", serve: h2(settings, again(ok, frame(frameData, 0, 1, "x"), time.Second)), want: success(30), within: limit},
		{name: "endless empty data", serve: h2(settings, again(ok, frame(frameData, 0, 1, ""), 5*time.Millisecond)), want: success(0), within: limit},
		{name: "endless headers", serve: h2(settings, again(
			frame(frameHeaders, 0, 1, status200), frame(frameContinuation, 0, 1, strings.Repeat(literal("a", strings.Repeat("b", 100)), 100)), 0)), want: protocol},
		{name: "endless empty continuations", serve: h2(settings, again(
			frame(frameHeaders, 0, 1, status200), frame(frameContinuation, 0, 1, ""), 5*time.Millisecond)), want: network, within: limit},
		{name: "endless pings", serve: h2(settings, again("", frame(framePing, 0, 0, "12345678"), 50*time.Millisecond)), want: timeout, within: limit},
		{name: "endless settings", serve: h2(settings, again("", settings, 50*time.Millisecond)), want: timeout, within: limit},
		{name: "endless frames of no kind", serve: h2(settings, again("", frame(99, 0, 0, "x"), 50*time.Millisecond)), want: timeout, within: limit},
		{name: "endless 1xx", serve: h2(settings, again("", frame(frameHeaders, endHeaders, 1, status100+literal("a", strings.Repeat("b", 100))), 0)), want: protocol},
		{name: "small block, large headers", serve: h2(settings, hold(frame(frameHeaders, endHeaders, 1, tableBomb()))), want: protocol},
	}
	for i := range cases {
		cases[i].secure = true
		cases[i].most = 16 << 20 // what still comes for a request that is being ended is read and dropped
	}
	return cases
}

// tableBomb is a header block of 16 KiB for 50 MiB of headers: one field of
// 4000 bytes enters the table and is repeated, a byte each time.
func tableBomb() string {
	const size = 4000
	rest := size - 0x7f // as an integer of seven bits and more (RFC 7541, section 5.1)
	length := string([]byte{0x7f, byte(rest&0x7f) | 0x80, byte(rest >> 7)})
	return status200 + "\x40\x01a" + length + strings.Repeat("b", size) + strings.Repeat("\xbe", 12_000)
}

// The windows that a target is given bound what it can make a worker keep: 64 KiB
// for a response, not the 4 MiB of net/http.
func TestWindowsAreSmall(t *testing.T) {
	t.Parallel()
	got := make(chan []byte, 1)
	target := &pipes{serve: secured(func(c net.Conn) {
		const settings, window = 24, 9 + 4
		head := make([]byte, settings+9)
		_, _ = io.ReadFull(c, head)
		rest := make([]byte, int(head[settings+2])+window)
		_, _ = io.ReadFull(c, rest)
		got <- rest
	}, "h2")}
	execute(t, on(t, target, httpexec.Settings{Roots: trusted(t)}), at("https://target.test/"))
	sent := <-got
	initial := string([]byte{0, 4}) + number(64<<10)
	grown := frame(frameWindow, 0, 0, number(1<<20))
	if !strings.Contains(string(sent), initial) || !strings.HasSuffix(string(sent), grown) {
		t.Errorf("got settings % x", sent)
	}
}
