package httpexec_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/egress"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/core"
)

// canary stands in every place of a call that may hold a secret, and in what
// targets answer.
const canary = "canary"

// secretCall has the canary in its URL, headers and body.
func secretCall(scheme string, noExcerpt bool) core.Call {
	data, err := json.Marshal(contract.HttpOption{
		Url:       scheme + "://target.test/canary?token=canary&canary#canary",
		Headers:   map[string]string{"Authorization": "Bearer canary", "X-Api-Key": "canary", "Cookie": "canary=canary"},
		Body:      map[string]string{"password": "canary"},
		NoExcerpt: noExcerpt,
	})
	if err != nil {
		panic(err)
	}
	c := call(string(data))
	c.Token = canary
	return c
}

// wantSilent wants an answer that tells nothing: neither the canary nor an
// address nor the name of the host.
func wantSilent(t *testing.T, a core.Answer) {
	t.Helper()
	data := fmt.Sprintf("%+v", a)
	for _, secret := range []string{canary, "Y2FuYXJ5", "10.0.0.", "target.test", "internal.example"} {
		if strings.Contains(data, secret) {
			t.Errorf("the answer tells %q: %s", secret, data)
		}
	}
}

// Whatever goes wrong, and however a target mixes what it was sent into what it
// answers, an answer holds no secret.
func TestNoSecretReachesAnAnswer(t *testing.T) {
	t.Parallel()
	signing := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(canary, 5)))
	for name, target := range tellTales() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, scheme := range []string{"http", "https"} {
				e := on(t, target, httpexec.Settings{URL: "http://canary.test", Roots: trusted(t)}, signing)
				wantSilent(t, execute(t, e, secretCall(scheme, true)))
			}
		})
	}
}

// dialing is a dialer that fails.
type dialing struct{ err error }

func (d dialing) DialContext(context.Context, string, string) (net.Conn, error) { return nil, d.err }

// echo answers with the canary wherever the format has %s.
func echo(format string) httpexec.Dialer {
	return &pipes{serve: text(strings.ReplaceAll(format, "%s", canary))}
}

// tellTales are targets and networks whose errors, as the libraries word them,
// hold what nobody must read.
func tellTales() map[string]httpexec.Dialer {
	to := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 80}
	hidden := frame(frameGoAway, 0, 0, number(1)+number(2)+canary)
	return map[string]httpexec.Dialer{
		"status line":       echo("%s %s %s\r\n\r\n"),
		"status":            echo("HTTP/1.1 %s %s\r\n\r\n"),
		"reason":            echo("HTTP/1.1 500 %s\r\nContent-Length: 0\r\n\r\n"),
		"version":           echo("HTTP/%s 200 OK\r\n\r\n"),
		"header":            echo("HTTP/1.1 200 OK\r\n%s\r\n\r\n"),
		"header with NUL":   echo("HTTP/1.1 200 OK\r\na: %s\x00\r\n\r\n"),
		"folded header":     echo("HTTP/1.1 200 OK\r\n %s: a\r\n\r\n"),
		"length":            echo("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n"),
		"lengths":           echo("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: %s\r\n\r\n"),
		"transfer encoding": echo("HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n"),
		"location":          echo("HTTP/1.1 302 Found\r\nLocation: http://%s.internal.example/\r\nContent-Length: 0\r\n\r\n"),
		"retry after":       echo("HTTP/1.1 503 Later\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"),
		"complete":          echo("HTTP/1.1 202 Accepted\r\nSchedule-Complete: %s\r\nContent-Length: 0\r\n\r\n"),
		"chunk":             echo("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n"),
		"body":              echo("HTTP/1.1 500 No\r\nContent-Length: 12\r\n\r\n%s%s"),
		"not HTTP over TLS": &pipes{serve: secured(text(canary), "http/1.1")},
		"GOAWAY":            &pipes{serve: h2(frame(frameSettings, 0, 0, ""), say(hidden))},
		"HTTP/2 header": &pipes{serve: h2(frame(frameSettings, 0, 0, ""), say(
			frame(frameHeaders, endHeaders, 1, status200+literal("Canary", canary))))},
		"cut off":  &pipes{serve: func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 100)) }},
		"look-up":  dialing{&net.DNSError{Err: "server misbehaving canary", Name: "target.test", Server: "10.0.0.53:53"}},
		"no name":  dialing{&net.DNSError{Err: "no such host", Name: "canary.internal.example", IsNotFound: true}},
		"refused":  dialing{&net.OpError{Op: "dial", Net: "tcp", Addr: to, Err: syscall.ECONNREFUSED}},
		"no route": dialing{&net.OpError{Op: "dial", Net: "tcp", Source: to, Addr: to, Err: &net.AddrError{Err: canary, Addr: "10.0.0.7"}}},
		"egress":   dialing{&net.OpError{Op: "dial", Net: "tcp", Addr: to, Err: &egress.RefusedError{Rule: "the rule"}}},
		"unknown":  dialing{errors.New("dial 10.0.0.7:80: canary")},
	}
}

// A target that answers with what it was sent is the one exception, and only in
// the excerpt, which jobs can switch off.
func TestExcerptIsWhatTheTargetAnswers(t *testing.T) {
	t.Parallel()
	a := execute(t, on(t, echo("HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\n%s"), httpexec.Settings{}), secretCall("http", false))
	if a.Excerpt != canary {
		t.Errorf("got excerpt %q", a.Excerpt)
	}
	a.Excerpt = ""
	wantSilent(t, a)
}

// The names in a certificate, and the one that was wanted, may be internal.
func TestCertificatesAreNotTold(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		host  string
		roots *x509.CertPool
	}{
		"the certificate is not for this host":              {"canary.internal.example", trusted(t)},
		"the certificate is signed by an unknown authority": {"target.test", x509.NewCertPool()},
	} {
		target := &pipes{serve: secured(text(""), "http/1.1")}
		a := execute(t, on(t, target, httpexec.Settings{Roots: test.roots}), at("https://"+test.host+"/"))
		if a.Class != contract.ErrorTLS || !strings.Contains(a.Error, want) {
			t.Errorf("got %+v, want %q", a, want)
		}
		wantSilent(t, a)
	}
}

// Options that cannot be used are told by their fields.
func TestNoSecretReachesTheErrorOfAnOption(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]string{
		"user":            `{"url":"http://canary@target.test/"}`,
		"password":        `{"url":"http://user:canary@target.test/"}`,
		"scheme":          `{"url":"canary://target.test/"}`,
		"no scheme":       `{"url":"canary:canary@target.test/"}`,
		"port":            `{"url":"http://target.test:canary/"}`,
		"host":            `{"url":"http://canary|canary/"}`,
		"escape":          `{"url":"http://target.test/%zz%canary"}`,
		"line break":      `{"url":"http://target.test/\ncanary"}`,
		"header value":    `{"url":"http://target.test/","headers":{"Authorization":"canary\r\ncanary"}}`,
		"reserved header": `{"url":"http://target.test/","headers":{"Webhook-Signature":"canary"}}`,
		"long header":     `{"url":"http://target.test/","headers":{"X-A":"` + strings.Repeat(canary, 2000) + `"}}`,
		"kind of header":  `{"url":"http://target.test/","headers":{"X-A":["canary"]}}`,
		"kind of URL":     `{"url":{"canary":"canary"}}`,
		"kind of accept":  `{"url":"http://target.test/","accept":"canary"}`,
		"not JSON":        `{"url":"http://target.test/","body":canary}`,
		"large body":      `{"url":"http://target.test/","body":"` + strings.Repeat(canary, 200_000) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := execute(t, on(t, dialing{errors.New("must not be called")}, httpexec.Settings{}), call(option))
			if a.Class != contract.ErrorInvalid {
				t.Errorf("got %+v", a)
			}
			wantSilent(t, a)
		})
	}
}
