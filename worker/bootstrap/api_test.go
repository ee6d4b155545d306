package bootstrap_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/worker/bootstrap"
)

const eventsToken = "events-token-of-the-test"

// api serves the API of a worker that runs.
func (b *bench) api(t *testing.T, change func(*bootstrap.Config)) (url string) {
	t.Helper()
	r := b.start(t, func(c *bootstrap.Config) {
		c.EventsToken = eventsToken
		if change != nil {
			change(c)
		}
	})
	server := httptest.NewServer(r.app.Handler())
	t.Cleanup(server.Close)
	return server.URL
}

// send posts an event.
func send(t *testing.T, url, token string, option contract.HttpOption) (status int, body []byte) {
	t.Helper()
	data, err := json.Marshal(map[string]any{"mode": contract.ModeHTTP, "option": option})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

func TestEventOverHTTPIsRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, ok)
	url := b.api(t, nil)
	eventually(t, "the worker listens to events", func() bool {
		status, _ := send(t, url+"/events/a/b", eventsToken, contract.HttpOption{Url: target.url, Body: map[string]any{"n": 1}})
		return status == http.StatusAccepted
	})
	final := b.finals(t, 1)[0]
	if final.Key != "a/b" || final.Outcome != contract.OutcomeSuccess {
		t.Errorf("got %+v", final)
	}
	if calls := target.got(); len(calls) != 1 || calls[0].body != `{"n":1}` || calls[0].header.Get(contract.HeaderKey) != "a/b" {
		t.Errorf("got %+v", calls)
	}
}

func TestEventOverHTTPIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, func(int, *http.Request) int { return http.StatusGone })
	url := b.api(t, nil)
	var body []byte
	eventually(t, "the worker listens to events", func() (is bool) {
		var status int
		status, body = send(t, url+"/events/k?wait=15s", eventsToken, contract.HttpOption{Url: target.url})
		return status == http.StatusOK
	})
	final, err := contract.Decode[contract.Result](body)
	if err != nil || final.Kind != contract.KindFinal || final.Key != "k" || final.Status != http.StatusGone || final.Outcome != contract.OutcomeFailed {
		t.Errorf("got %s, %v", body, err)
	}
}

func TestEventsOverHTTPWithoutNATS(t *testing.T) {
	t.Parallel()
	b := setup(t)
	url := b.api(t, nil)
	b.server.Stop()
	began := time.Now()
	status, body := send(t, url+"/events/k", eventsToken, contract.HttpOption{Url: "http://example.com/"})
	if status != http.StatusServiceUnavailable || time.Since(began) > patience {
		t.Errorf("got %d %s after %s", status, body, time.Since(began))
	}
	b.server.Start(t)
}

// Neither tokens nor bodies of requests may be logged, at any level.
func TestRequestsAreNotLogged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var log safeBuffer
	url := b.api(t, func(c *bootstrap.Config) {
		c.Log = logging.New("release", &log)
		c.Log.SetLevel(logrus.TraceLevel)
	})
	const canary = "canary-7f3a"
	option := contract.HttpOption{Url: "http://127.0.0.1:1/" + canary, Headers: map[string]string{"authorization": canary}, Body: map[string]any{"x": canary}}
	eventually(t, "the worker listens to events", func() bool {
		status, _ := send(t, url+"/events/k?wait=15s", eventsToken, option)
		return status == http.StatusOK
	})
	if status, _ := send(t, url+"/events/k", "wrong-"+canary, option); status != http.StatusUnauthorized {
		t.Errorf("got %d with a wrong token", status)
	}
	response, err := http.Post(url+"/complete/"+canary, "application/json", strings.NewReader(`{"error":"`+canary+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	if response.Body.Close(); response.StatusCode != http.StatusNotFound {
		t.Errorf("got %d for a completion", response.StatusCode)
	}
	text := log.String()
	if text == "" || strings.Contains(text, canary) || strings.Contains(text, eventsToken) {
		t.Errorf("the log holds what it must not, or nothing: %s", text)
	}
}

// safeBuffer is a bytes.Buffer that may be written and read at once.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
