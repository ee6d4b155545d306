package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/httpapi"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want contract.Completed
	}{
		"no body":   {"", contract.Completed{}},
		"spaces":    {" \n", contract.Completed{}},
		"empty":     {"{}", contract.Completed{}},
		"success":   {`{"outcome":"success"}`, contract.Completed{Outcome: contract.OutcomeSuccess}},
		"failed":    {`{"outcome":"failed","error":"no disk"}`, contract.Completed{Outcome: contract.OutcomeFailed, Error: "no disk"}},
		"full size": {`{"error":"` + strings.Repeat("x", 64<<10-12) + `"}`, contract.Completed{Outcome: contract.OutcomeFailed, Error: strings.Repeat("x", 64<<10-12)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, f := setup()
			w := (request{path: "/complete/Abc_-9", body: test.body, token: "-"}).send(t, api)
			if w.Code != http.StatusNoContent || w.Body.Len() != 0 {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if len(f.tokens) != 1 || f.tokens[0] != "Abc_-9" || f.complete[0] != test.want {
				t.Errorf("got %v", f.tokens)
			}
		})
	}
}

func TestCompletionIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request
		err         error // of Complete
		status      int
		field, part string
	}{
		"get":               {request{path: "/complete/a", method: http.MethodGet}, nil, 405, "", "POST"},
		"not open":          {request{path: "/complete/a"}, fmt.Errorf("complete: %w", errNotOpen), 404, "", "nothing waits"},
		"no token":          {request{path: "/complete/"}, nil, 404, "", "nothing waits"},
		"wildcard":          {request{path: "/complete/*"}, nil, 404, "", "nothing waits"},
		"two parts":         {request{path: "/complete/a.b"}, nil, 404, "", "nothing waits"},
		"below":             {request{path: "/complete/a/b"}, nil, 404, "", "nothing waits"},
		"too long":          {request{path: "/complete/" + strings.Repeat("a", 129)}, nil, 404, "", "nothing waits"},
		"not JSON":          {request{path: "/complete/a", body: "done"}, nil, 422, "", "JSON object"},
		"wrong type":        {request{path: "/complete/a", body: `{"outcome":1}`}, nil, 422, "", "\"outcome\" must not be a JSON number"},
		"not UTF-8":         {request{path: "/complete/a", body: "{\"error\":\"\xff\"}"}, nil, 422, "", "UTF-8"},
		"unknown outcome":   {request{path: "/complete/a", body: `{"outcome":"lost"}`}, nil, 422, "outcome", "success"},
		"invalid":           {request{path: "/complete/a"}, fmt.Errorf("complete: %w", errInvalid), 422, "", "cannot be taken"},
		"invalid field":     {request{path: "/complete/a"}, &contract.FieldError{Field: "error", Problem: "is too long"}, 422, "error", "too long"},
		"too large":         {request{path: "/complete/a", body: `{"error":"` + strings.Repeat("x", 64<<10) + `"}`}, nil, 413, "", "64 KiB"},
		"compressed":        {request{path: "/complete/a", header: map[string]string{"Content-Encoding": "br"}}, nil, 415, "", "coding"},
		"cannot be stored":  {request{path: "/complete/a"}, errAway, 503, "", "send it again"},
		"without the slash": {request{path: "/complete"}, nil, 404, "", "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, f := setup()
			f.Err = test.err
			test.token = "-"
			wantError(t, test.send(t, api), test.status, test.field, test.part)
			if test.err == nil && len(f.tokens) != 0 {
				t.Errorf("completed %v", f.tokens)
			}
		})
	}
}

// Without errors of its own every error of a Completer is to be tried again.
func TestCompletionWithoutKnownErrors(t *testing.T) {
	t.Parallel()
	f := &fake{Err: errNotOpen}
	w := (request{path: "/complete/a"}).send(t, httpapi.New(httpapi.Settings{}, f, f))
	wantError(t, w, http.StatusServiceUnavailable, "", "send it again")
}

func TestNothingCanBeCompletedWithoutACompleter(t *testing.T) {
	t.Parallel()
	w := (request{path: "/complete/a"}).send(t, httpapi.New(httpapi.Settings{}, &fake{}, nil))
	wantError(t, w, http.StatusNotFound, "", "nothing waits")
}
