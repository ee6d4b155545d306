package httpexec_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// raw serves each connection by a function, which gets it after the request's
// first bytes.
func raw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return "http://" + listener.Addr().String()
}

func text(answer string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, answer) }
}

// until writes piece again and again until the other side hangs up.
func until(first, piece string) func(net.Conn) {
	return func(c net.Conn) {
		_, err := io.WriteString(c, first)
		for err == nil {
			_, err = io.WriteString(c, piece)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		url   func(t *testing.T) string
		class string
	}{
		"no such host": {func(*testing.T) string { return "http://host.invalid/secret" }, contract.ErrorDNS},
		"refused":      {refused, contract.ErrorConnect},
		"closed":       {func(t *testing.T) string { return raw(t, text("")) }, contract.ErrorNetwork},
		"cut off":      {func(t *testing.T) string { return raw(t, text("HTTP/1.1 200")) }, contract.ErrorNetwork},
		"not HTTP":     {func(t *testing.T) string { return raw(t, text("SSH-2.0-x\r\n")) }, contract.ErrorNetwork},
		"not TLS":      {notTLS, contract.ErrorConnect},
		"unknown CA":   {unknownCA, contract.ErrorConnect},
		"old TLS":      {oldTLS, contract.ErrorConnect},
		"endless headers": {func(t *testing.T) string {
			return raw(t, until("HTTP/1.1 200 OK\r\n", "a: "+strings.Repeat("b", 1000)+"\r\n"))
		}, contract.ErrorNetwork},
		"endless 1xx": {func(t *testing.T) string { return raw(t, until("", "HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n")) }, contract.ErrorNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := test.url(t)
			a := execute(t, setup(t), at(url))
			if a.Verdict != core.Temporary || a.Class != test.class || a.Status != 0 || a.Error == "" {
				t.Errorf("got %+v, want class %s", a, test.class)
			}
			for _, private := range []string{"127.0.0.1", "secret", "host.invalid", "lookup", "://"} {
				if strings.Contains(a.Error, private) {
					t.Errorf("error %q tells %q", a.Error, private)
				}
			}
		})
	}
}

func refused(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(nil)
	s.Close()
	return s.URL
}

func notTLS(t *testing.T) string {
	t.Helper()
	return strings.Replace(serve(t, func(http.ResponseWriter, *http.Request) {}), "http:", "https:", 1)
}

func unknownCA(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func oldTLS(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config.ErrorLog = quiet()
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	a := setup(t).Execute(ctx, at(url))
	if a.Verdict != core.Temporary || a.Class != contract.ErrorTimeout {
		t.Errorf("got %+v", a)
	}
}

// The status decides; the body is read no further than its limits.
func TestBodiesThatDoNotEnd(t *testing.T) {
	t.Parallel()
	head := "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
	for name, serve := range map[string]func(net.Conn){
		"endless": until(head, strings.Repeat("x", 4096)),
		"one byte and no more": func(c net.Conn) {
			_, _ = io.WriteString(c, head+"x")
			_, _ = c.Read(make([]byte, 1)) // until the other side hangs up
		},
		"broken off": text("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := raw(t, serve)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if a := setup(t).Execute(ctx, at(url)); a.Verdict != core.Success || a.Status != http.StatusOK {
				t.Errorf("got %+v", a)
			}
		})
	}
}
