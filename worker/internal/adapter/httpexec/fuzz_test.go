package httpexec_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/egress"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/core"
)

// recorder is a target that keeps all bytes of one call.
type recorder struct{ sent chan []byte }

func (r *recorder) DialContext(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() {
		defer func() { _ = server.Close() }()
		var all bytes.Buffer
		if request, err := http.ReadRequest(bufio.NewReader(io.TeeReader(server, &all))); err == nil {
			_, _ = io.Copy(io.Discard, request.Body)
		}
		_, _ = io.WriteString(server, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		r.sent <- all.Bytes()
	}()
	return client, nil
}

// A header that a job sets is refused, or arrives as it was set and as nothing
// else: it adds no header, ends no head and replaces none of ours.
func FuzzHeader(f *testing.F) {
	for name, value := range map[string]string{
		"x-a": "1", "Authorization": "Bearer t", "a\r\nb": "c", "a": "b\r\nWebhook-Id: c", "Webhook-Id": "x", "Transfer-Encoding": "chunked",
		"content-length": "5", "Host": "x", "a ": "b", "a:": "b", "": "b", "ü": "ü", "b": " c\t", "c": "\x00", "Expect": "100-continue",
	} {
		f.Add(name, value)
	}
	r := &recorder{sent: make(chan []byte, 1)}
	e := on(f, r, httpexec.Settings{})
	f.Fuzz(func(t *testing.T, name, value string) {
		option, err := json.Marshal(contract.HttpOption{Url: "http://target.test/", Headers: map[string]string{name: value}, Body: 1})
		if err != nil || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return
		}
		a := execute(t, e, call(string(option)))
		if a.Class == contract.ErrorInvalid {
			return
		}
		if a.Verdict != core.Success {
			t.Fatalf("got %+v", a)
		}
		checkSent(t, <-r.sent, name, value)
	})
}

// checkSent wants one request that has our headers, a type, a length, a host,
// and that header.
func checkSent(t *testing.T, sent []byte, name, value string) {
	t.Helper()
	reader := bufio.NewReader(bytes.NewReader(sent))
	request, err := http.ReadRequest(reader)
	if err != nil {
		t.Fatalf("%v: %q", err, sent)
	}
	if body, err := io.ReadAll(request.Body); err != nil || string(body) != "1" || reader.Buffered() > 0 || request.Host != "target.test" {
		t.Fatalf("more than one request: %q", sent)
	}
	if got := request.Header[http.CanonicalHeaderKey(name)]; len(got) != 1 || got[0] != strings.Trim(value, " \t") {
		t.Errorf("%q: %q arrived as %q", name, value, got)
	}
	if request.Header.Get(contract.HeaderID) != occurrence || request.Header.Get(contract.HeaderKey) != "a.b" {
		t.Errorf("ours were replaced: %q", sent)
	}
	const ours = 9 + 2 // with type and length
	extra := 1
	if strings.EqualFold(name, "content-type") {
		extra = 0
	}
	if len(request.Header) != ours+extra {
		t.Errorf("got %d headers, want %d: %q", len(request.Header), ours+extra, sent)
	}
}

// Whatever stands where a URL belongs, and whatever the host resolves to, only
// public addresses are dialled.
func FuzzURL(f *testing.F) {
	for _, list := range refusedURLs {
		for url := range strings.FieldsSeq(list) {
			f.Add(url)
		}
	}
	f.Add("http://8.8.8.8/")
	d := &checked{}
	e := on(f, egress.NewDialerOn(egress.NewGuard(nil), d, d.connect), httpexec.Settings{})
	f.Fuzz(func(t *testing.T, url string) {
		if !utf8.ValidString(url) {
			return
		}
		d.t = t
		a := execute(t, e, call(option(t, url)))
		if a.Verdict == core.Success || a.Class == "" || a.Error == "" {
			t.Errorf("%q: got %+v", url, a)
		}
	})
}

// checked resolves every name to addresses of all kinds, and connects to none.
type checked struct{ t *testing.T }

func (*checked) LookupNetIP(context.Context, string, string) (addrs []netip.Addr, err error) {
	for _, text := range []string{"127.0.0.1", "8.8.8.8", "::1", "169.254.169.254", "64:ff9b::10.0.0.1"} {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

func (d *checked) connect(_ context.Context, _, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	addr := to.Addr()
	if err != nil || !addr.IsGlobalUnicast() || addr.IsPrivate() || (to.Port() < 1024 && to.Port() != 80 && to.Port() != 443) {
		d.t.Errorf("dialled %s", address)
	}
	return nil, &net.OpError{Op: "dial", Err: net.ErrClosed}
}

func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"", "0", "120", "-1", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "soon", " 5", "1.5", "0x5"} {
		f.Add(value, int64(0))
	}
	f.Fuzz(func(t *testing.T, value string, now int64) {
		if wait := httpexec.RetryAfter(value, time.Unix(now%(1<<40), 0)); wait < 0 {
			t.Errorf("%q: got %s", value, wait)
		}
	})
}

// An excerpt is short, valid UTF-8 and steers no terminal, whatever the body.
func FuzzExcerpt(f *testing.F) {
	f.Add([]byte("text\r\n"), 1)
	f.Add([]byte("€\x1b[2J"), 9000)
	f.Add([]byte{0xff, 0}, 3)
	f.Fuzz(func(t *testing.T, piece []byte, times int) {
		const most = contract.MaxExcerpt + utf8.UTFMax
		if len(piece) == 0 || len(piece) > most {
			return
		}
		body := bytes.Repeat(piece, 1+max(times, -times, 0)%(most/len(piece)+1))
		got := httpexec.Text(body[:min(len(body), most)])
		if len(got) > contract.MaxExcerpt || !utf8.ValidString(got) {
			t.Errorf("got %d bytes, valid: %v", len(got), utf8.ValidString(got))
		}
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
				t.Errorf("got control character %U", r)
			}
		}
	})
}
