package bootstrap_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/bootstrap"
)

// longJob is a target that will report the end later.
func longJob(t *testing.T) (url string, headers <-chan http.Header) {
	t.Helper()
	got := make(chan http.Header, 10)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(contract.HeaderComplete, contract.CompleteCallback)
		w.WriteHeader(http.StatusAccepted)
		got <- r.Header.Clone()
	}))
	t.Cleanup(target.Close)
	return target.URL, got
}

// A target that was given a URL and a subject reports at either how its job
// ended; nothing is final before.
func TestLongJobIsReported(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		report  func(t *testing.T, b *bench, h http.Header) bool
		outcome string
	}{
		"at the URL":     {reportByHTTP, contract.OutcomeSuccess},
		"at the subject": {reportByNATS, contract.OutcomeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			var handler atomic.Pointer[http.Handler]
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*handler.Load()).ServeHTTP(w, r) }))
			t.Cleanup(front.Close)
			r := b.start(t, func(c *bootstrap.Config) { c.URL = front.URL + "/" })
			api := r.app.Handler()
			handler.Store(&api)
			url, called := longJob(t)
			trigger := b.trigger("long", url)
			b.publish(t, trigger)
			var headers http.Header
			select {
			case headers = <-called:
			case <-time.After(patience):
				t.Fatal("the target was not called")
			}
			eventually(t, "the report is taken", func() bool { return test.report(t, b, headers) })
			final := b.finals(t, 1)[0]
			if final.ID != trigger.ID || final.Outcome != test.outcome || final.Status != http.StatusAccepted {
				t.Errorf("got %+v", final)
			}
		})
	}
}

func reportByHTTP(t *testing.T, _ *bench, h http.Header) bool {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Post(h.Get(contract.HeaderCompleteURL), "application/json", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode/100 == 2
}

func reportByNATS(t *testing.T, b *bench, h http.Header) bool {
	t.Helper()
	answer, err := b.nc.Request(h.Get(contract.HeaderCompleteSubject), []byte(`{"outcome":"failed","error":"no paper"}`), 5*time.Second)
	return err == nil && !strings.Contains(string(answer.Data), "error")
}
