package httpexec_test

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/egress"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/adapter/webhook"
	"github.com/weplanx/workflow/worker/internal/core"
)

const occurrence = "0123456789abcdef0123456789abcdef"

// setup makes an executor that may call this machine.
func setup(t *testing.T) *httpexec.Executor {
	t.Helper()
	allowed, err := egress.ParseAllowed([]string{"127.0.0.0/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	return on(t, egress.NewDialer(egress.NewGuard(allowed)), httpexec.Settings{})
}

func on(t testing.TB, dialer httpexec.Dialer, s httpexec.Settings, secrets ...string) *httpexec.Executor {
	t.Helper()
	signer, err := webhook.New(secrets)
	if err != nil {
		t.Fatal(err)
	}
	s.Namespace, s.Version = "beta", "v1.2.3"
	e := httpexec.New(s, dialer, signer, system.Clock{})
	t.Cleanup(e.Close)
	return e
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func call(option string) core.Call {
	return core.Call{
		ID: occurrence, WebhookID: occurrence, Key: "a.b", Index: 2, Mode: contract.ModeHTTP, Attempt: 3, Option: json.RawMessage(option),
		Scheduled: time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600)),
	}
}

func at(url string) core.Call { return call(`{"url":"` + url + `"}`) }

func execute(t testing.TB, e *httpexec.Executor, c core.Call) core.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return e.Execute(ctx, c)
}

func TestRequest(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	e := setup(t)
	before := time.Now().Unix()
	a := execute(t, e, call(`{"url":"`+url+`/p?q=1","headers":{"x-a":"1","Authorization":"Bearer t"},"body":{"n":12345678901234567890.10}}`))
	if a != (core.Answer{Verdict: core.Success, Status: 200, TraceID: occurrence}) {
		t.Fatalf("got %+v", a)
	}
	if got.Method != http.MethodPost || got.RequestURI != "/p?q=1" || string(body) != `{"n":12345678901234567890.10}` {
		t.Errorf("got %s %s %s", got.Method, got.RequestURI, body)
	}
	for name, want := range map[string]string{
		"x-a": "1", "authorization": "Bearer t", "content-type": "application/json",
		contract.HeaderID: occurrence, contract.HeaderNamespace: "beta", contract.HeaderKey: "a.b", contract.HeaderIndex: "2",
		contract.HeaderTime: "2026-01-02T02:04:05.0000006Z", contract.HeaderAttempt: "3",
		contract.HeaderAgent: "weplanx-workflow/v1.2.3", "accept-encoding": "",
		contract.HeaderSignature: "", contract.HeaderCompleteURL: "", contract.HeaderCompleteSubject: "",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("header %s: got %q, want %q", name, got.Header.Get(name), want)
		}
	}
	sent := json.Number(got.Header.Get(contract.HeaderTimestamp))
	if seconds, err := sent.Int64(); err != nil || seconds < before || seconds > time.Now().Unix() {
		t.Errorf("got timestamp %q", sent)
	}
	trace := regexp.MustCompile("^00-" + occurrence + "-[0-9a-f]{16}-00$")
	if !trace.MatchString(got.Header.Get(contract.HeaderTrace)) {
		t.Errorf("got traceparent %q", got.Header.Get(contract.HeaderTrace))
	}
}

func TestRequestVariants(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ option, method, contentType, body string }{
		"no body":           {``, "POST", "", ""},
		"null body":         {`,"body":null`, "POST", "", ""},
		"empty object":      {`,"body":{}`, "POST", "application/json", "{}"},
		"text body":         {`,"body":"x"`, "POST", "application/json", `"x"`},
		"own content type":  {`,"headers":{"content-type":"application/cloudevents+json"},"body":[1]`, "POST", "application/cloudevents+json", "[1]"},
		"GET":               {`,"method":"GET"`, "GET", "", ""},
		"DELETE with body":  {`,"method":"DELETE","body":{"a":1}`, "DELETE", "application/json", `{"a":1}`},
		"documents example": {`,"headers":{},"body":{}`, "POST", "application/json", "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Method != test.method || r.Header.Get("content-type") != test.contentType || string(body) != test.body {
					t.Errorf("got %s, content type %q, body %q", r.Method, r.Header.Get("content-type"), body)
				}
			})
			if a := execute(t, setup(t), call(`{"url":"`+url+`"`+test.option+`}`)); a.Verdict != core.Success {
				t.Errorf("got %+v", a)
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	e := setup(t)
	want := map[core.Verdict][]int{
		core.Success:   {200, 201, 202, 204, 299},
		core.Temporary: {408, 425, 429, 500, 502, 503, 504, 599},
		core.Permanent: {300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 409, 410, 418, 422, 499},
	}
	for verdict, statuses := range want {
		for _, status := range statuses {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://example.invalid/")
				w.WriteHeader(status)
			})
			a := execute(t, e, at(url))
			class := contract.ErrorStatus
			if verdict == core.Success {
				class = ""
			}
			if a.Verdict != verdict || a.Status != status || a.Class != class {
				t.Errorf("%d: got %+v", status, a)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value    string
		min, max time.Duration
	}{
		"none":        {"", 0, 0},
		"seconds":     {"120", 2 * time.Minute, 2 * time.Minute},
		"zero":        {"0", 0, 0},
		"date":        {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), 59 * time.Minute, time.Hour},
		"past date":   {"Mon, 01 Jan 2001 00:00:00 GMT", 0, 0},
		"negative":    {"-5", 0, 0},
		"huge":        {"99999999999999999999", 0, 0},
		"huge date":   {"Fri, 31 Dec 9999 23:59:59 GMT", time.Hour, math.MaxInt64},
		"not a value": {"soon", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", test.value)
				w.WriteHeader(http.StatusServiceUnavailable)
			})
			if a := execute(t, setup(t), at(url)); a.RetryAfter < test.min || a.RetryAfter > max(test.max, test.min) {
				t.Errorf("got %s", a.RetryAfter)
			}
		})
	}
}

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	e := setup(t)
	for name, test := range map[string]struct{ option, field string }{
		"none":        {``, "option: "},
		"array":       {`[]`, "option: "},
		"no URL":      {`{}`, "option.url: "},
		"scheme":      {`{"url":"ftp://secret.example/"}`, "option.url: "},
		"user":        {`{"url":"http://secret:secret@host/"}`, "option.url: "},
		"method":      {`{"url":"http://host/","method":"BREW"}`, "option.method: "},
		"own header":  {`{"url":"http://host/","headers":{"Webhook-Id":"secret"}}`, "option.headers"},
		"line breaks": {`{"url":"http://host/","headers":{"a":"secret\r\nb: c"}}`, "option.headers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := execute(t, e, call(test.option))
			if a.Verdict != core.Permanent || a.Class != contract.ErrorInvalid || !strings.HasPrefix(a.Error, test.field) ||
				strings.Contains(a.Error, "secret") {
				t.Errorf("got %+v, want an error that begins with %q", a, test.field)
			}
		})
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	connections := make(chan struct{}, 100)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(make([]byte, 60<<10))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections <- struct{}{}
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	e := setup(t)
	for range 20 {
		execute(t, e, at(s.URL))
	}
	if n := len(connections); n != 1 {
		t.Errorf("got %d connections, want 1", n)
	}
}
