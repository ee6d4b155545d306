package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

const guesses = 20 // with a wrong token, a second

func TestGuessingIsBarred(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]request{
		"events":         {path: "/events/k", body: event, token: "Bearer wrong"},
		"completions":    {path: "/complete/wrong"},
		"bad completion": {path: "/complete/.."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api, f := setup()
				f.Err = errNotOpen
				for range guesses {
					if w := wrong.send(t, api); w.Code != http.StatusUnauthorized && w.Code != http.StatusNotFound {
						t.Fatalf("got %d %s", w.Code, w.Body)
					}
				}
				asked := len(f.tokens)
				w := wrong.send(t, api)
				wantError(t, w, http.StatusTooManyRequests, "", "wrong token")
				if w.Header().Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
				// The right token is not told from a wrong one either.
				wantError(t, (request{path: "/events/k", body: event}).send(t, api), http.StatusTooManyRequests, "", "")
				if len(f.tokens) != asked || len(f.events) != 0 {
					t.Error("a request that is barred got through")
				}
				time.Sleep(time.Second / guesses)
				f.Err = nil
				if w := (request{path: "/events/k", body: event}).send(t, api); w.Code != http.StatusAccepted {
					t.Errorf("got %d %s after a while", w.Code, w.Body)
				}
			})
		})
	}
}

func TestRightTokensAreNotCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api, _ := setup()
		for range 10 * guesses {
			if w := (request{path: "/events/k", body: event}).send(t, api); w.Code != http.StatusAccepted {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if w := (request{path: "/complete/a"}).send(t, api); w.Code != http.StatusNoContent {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			wantError(t, (request{path: "/events/k", body: "{}"}).send(t, api), http.StatusUnprocessableEntity, "mode", "")
		}
	})
}

// One client that guesses does not bar the others, and cannot change its
// address within the network that an IPv6 host has to itself.
func TestGuessingBarsOneClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api, _ := setup()
		for i := range guesses {
			(request{path: "/events/k", token: "-", remote: fmt.Sprintf("[2001:db8::%x]:%d", i, 1000+i)}).send(t, api)
		}
		same := request{path: "/events/k", body: event, remote: "[2001:db8::ffff]:9"}
		if w := same.send(t, api); w.Code != http.StatusTooManyRequests {
			t.Errorf("the client got %d", w.Code)
		}
		barred := 0
		for i := range 200 {
			other := request{path: "/events/k", body: event, remote: fmt.Sprintf("10.0.%d.1:1000", i)}
			if w := other.send(t, api); w.Code == http.StatusTooManyRequests {
				barred++
			}
		}
		if barred > 20 { // one in 256 shares its bucket
			t.Errorf("%d of 200 other clients are barred", barred)
		}
	})
}
