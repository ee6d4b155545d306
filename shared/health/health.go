// Package health serves the state of a program over HTTP.
package health

import (
	"encoding/json"
	"net/http"
)

type status struct {
	Status string `json:"status"` // "ok" or "unavailable"
	Reason string `json:"reason,omitempty"`
}

// Handler answers GET /healthz with 200 while the program runs, and GET
// /readyz with 200 when ready returns nil, else with 503 and its error as the
// reason, which must therefore hold no secret. Bodies are JSON. ready must be
// safe for concurrent use and quick; nil is always ready.
func Handler(ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, status{Status: "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if ready == nil {
			answer(w, http.StatusOK, status{Status: "ok"})
			return
		}
		if err := ready(); err != nil {
			answer(w, http.StatusServiceUnavailable, status{Status: "unavailable", Reason: err.Error()})
			return
		}
		answer(w, http.StatusOK, status{Status: "ok"})
	})
	return mux
}

// Beside is Handler for these two paths, and next for all others. next gets
// paths as they came, without the cleaning that http.ServeMux does. Nil: there
// are no others.
func Beside(next http.Handler, ready func() error) http.Handler {
	own := Handler(ready)
	if next == nil {
		return own
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz":
			own.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func answer(w http.ResponseWriter, code int, s status) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(s)
}
