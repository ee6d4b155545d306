package health_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/health"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/shared/setting"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestHandler(t *testing.T) {
	t.Parallel()
	no := func() error { return errors.New("not connected") }
	yes := func() error { return nil }
	tests := map[string]struct {
		ready  func() error
		method string
		path   string
		code   int
		body   string
	}{
		"alive":                     {yes, "GET", "/healthz", 200, `{"status":"ok"}`},
		"alive although not ready":  {no, "GET", "/healthz", 200, `{"status":"ok"}`},
		"ready":                     {yes, "GET", "/readyz", 200, `{"status":"ok"}`},
		"not ready":                 {no, "GET", "/readyz", 503, `{"status":"unavailable","reason":"not connected"}`},
		"ready without a condition": {nil, "GET", "/readyz", 200, `{"status":"ok"}`},
		"head":                      {yes, "HEAD", "/readyz", 200, `{"status":"ok"}`},
		"post":                      {yes, "POST", "/readyz", 405, ""},
		"other path":                {yes, "GET", "/", 404, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			health.Handler(test.ready).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), test.method, test.path, nil))
			if w.Code != test.code {
				t.Errorf("got status %d, want %d", w.Code, test.code)
			}
			if got := strings.TrimSpace(w.Body.String()); test.body != "" && got != test.body {
				t.Errorf("got %s, want %s", got, test.body)
			}
		})
	}
}

func TestBeside(t *testing.T) {
	t.Parallel()
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	tests := map[string]struct {
		next http.Handler
		path string
		code int
		body string
	}{
		"alive":            {next, "/healthz", 200, `{"status":"ok"}`},
		"ready":            {next, "/readyz", 200, `{"status":"ok"}`},
		"other":            {next, "/events/a", 200, "/events/a"},
		"not cleaned":      {next, "/events/a//b/./c", 200, "/events/a//b/./c"},
		"below health":     {next, "/healthz/", 200, "/healthz/"},
		"nothing beside":   {nil, "/healthz", 200, `{"status":"ok"}`},
		"nothing below it": {nil, "/events/a", 404, "404 page not found"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			health.Beside(test.next, nil).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, test.path, nil))
			if got := strings.TrimSpace(w.Body.String()); w.Code != test.code || got != test.body {
				t.Errorf("got %d %s, want %d %s", w.Code, got, test.code, test.body)
			}
		})
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listener, err := health.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		_, _ = io.WriteString(w, "done")
	})
	served := make(chan error, 1)
	go func() { served <- health.ServeOn(ctx, listener, slow) }()

	got := make(chan string, 1)
	go func() { got <- get(t, "http://"+listener.Addr().String()) }()
	<-entered
	cancel()
	close(leave)
	if body := <-got; body != "done" {
		t.Errorf("a request under way got %q, want it finished", body)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Error(err)
		return ""
	}
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return string(body)
}

func TestServeRefusesAddresses(t *testing.T) {
	t.Parallel()
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	tests := map[string]struct{ addr, want string }{
		"taken":         {taken.Addr().String(), "address already in use"},
		"no port":       {"127.0.0.1", "want host:port"},
		"name as port":  {":http", "want host:port"},
		"foreign":       {"192.0.2.1:0", "cannot listen"},
		"empty":         {"", "want host:port"},
		"port too high": {":70000", "want host:port"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			err := health.Serve(ctx, test.addr, health.Handler(nil))
			var typed *setting.Error
			if !errors.As(err, &typed) || typed.Name != "HTTP_ADDR" || !strings.Contains(typed.Problem, test.want) {
				t.Errorf("got %v, want HTTP_ADDR: … %s …", err, test.want)
			}
		})
	}
}
