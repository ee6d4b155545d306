package health_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/health"
	"github.com/weplanx/workflow/shared/loopback"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		listen  string // on a free port
		ask     string // host of the address that is asked
		handler http.Handler
		want    string // part of the error; empty: healthy
	}{
		"alive":                  {"127.0.0.1", "127.0.0.1", health.Handler(nil), ""},
		"all interfaces":         {"", "", health.Handler(nil), ""},
		"unspecified, IPv4":      {"0.0.0.0", "0.0.0.0", health.Handler(nil), ""},
		"unspecified, IPv6":      {"::1", "::", health.Handler(nil), ""},
		"by name":                {"127.0.0.1", "localhost", health.Handler(nil), ""},
		"alive, never ready":     {"127.0.0.1", "127.0.0.1", health.Handler(func() error { return context.Canceled }), ""},
		"another program":        {"127.0.0.1", "127.0.0.1", http.NotFoundHandler(), "status 404"},
		"redirected to an error": {"127.0.0.1", "127.0.0.1", http.RedirectHandler("/elsewhere", http.StatusFound), "stopped after 10 redirects"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := serve(t, test.listen, test.handler)
			err := health.Check(t.Context(), net.JoinHostPort(test.ask, port))
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestCheckFails(t *testing.T) {
	t.Parallel()
	silent := listen(t, "127.0.0.1") // takes connections, never answers
	tests := map[string]struct{ addr, want string }{
		"nothing listens": {loopback.Address(t), "connection refused"},
		"hangs":           {silent.Addr().String(), "no answer within 3s"},
		"port unknown":    {":0", "HTTP_ADDR: leaves the port"},
		"no address":      {"nowhere", "HTTP_ADDR: is \"nowhere\""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := health.Check(t.Context(), test.addr); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// serve serves h on a free port of host, which it returns, until the test's cleanup.
func serve(t *testing.T, host string, h http.Handler) (port string) {
	t.Helper()
	listener := listen(t, host)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- health.ServeOn(ctx, listener, h) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return port
}

func listen(t *testing.T, host string) net.Listener {
	t.Helper()
	listener, err := health.Listen(t.Context(), net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}
