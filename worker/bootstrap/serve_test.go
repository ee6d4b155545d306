package bootstrap

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/weplanx/workflow/shared/natstest"
)

func TestAPIOfAWorkerThatWaits(t *testing.T) {
	t.Parallel()
	var app atomic.Pointer[App]
	w := httptest.NewRecorder()
	apiOf(&app).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/events/k", nil))
	if w.Code != http.StatusServiceUnavailable || !json.Valid(w.Body.Bytes()) || w.Header().Get("Retry-After") == "" {
		t.Errorf("before there is a worker: got %d %s", w.Code, w.Body)
	}
	c := Defaults()
	c.Namespace, c.EventsToken = "beta", "0123456789abcdef"
	a, err := NewWithConn(t.Context(), c, natstest.Start(t).Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	app.Store(a)
	w = httptest.NewRecorder()
	apiOf(&app).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/events/k", nil))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("with a worker: got %d %s", w.Code, w.Body)
	}
}
