package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
)

var statuses = map[int]bool{
	200: true, 202: true, 204: true, 400: true, 401: true, 404: true, 405: true, 413: true, 415: true, 422: true, 429: true,
}

// FuzzRequest: whatever comes, the answer is one of those that are documented,
// and only what is checked gets through.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "/events/a/b", "Bearer "+secret, "", "", []byte(event))
	f.Add("POST", "/events/k", "Bearer "+secret, "wait=10s", "wait=5", []byte(`{"mode":"NATS","option":{"subject":"a"}}`))
	f.Add("POST", "/events/k", "Bearer x", "wait", "", []byte(event))
	f.Add("POST", "/complete/abc", "", "", "", []byte(`{"outcome":"failed","error":"x"}`))
	f.Add("POST", "/complete/abc", "", "", "", []byte{})
	f.Add("GET", "/complete/../events/k", "", "", "wait", []byte("{}"))
	f.Fuzz(func(t *testing.T, method, path, authorization, query, prefer string, body []byte) {
		api, got := setup()
		got.Answer = func(key string) (contract.Result, error) { return contract.Result{ID: "1", Key: key}, nil }
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(string(body)))
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: query}
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Prefer", prefer)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if !statuses[w.Code] || w.Code != http.StatusNoContent && !json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), secret) && !strings.Contains(path+string(body), secret) {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		for _, e := range got.events {
			message, err := contract.DecodeEvent([]byte(e.data))
			if method != http.MethodPost || contract.CheckKey(e.key) != nil || path != "/events/"+e.key || err != nil ||
				contract.CheckOption(message.Mode, message.Option) != nil || !strings.HasSuffix(strings.TrimSpace(authorization), " "+secret) {
				t.Errorf("%s %s with %q got through as %+v", method, path, authorization, e)
			}
		}
		for _, token := range got.tokens {
			if method != http.MethodPost || path != "/complete/"+token || strings.ContainsAny(token, "./*> \r\n") {
				t.Errorf("%s %s got through with token %q", method, path, token)
			}
		}
	})
}
