// Package httpapi is the worker's own HTTP API, for systems that do not speak
// NATS:
//
//	POST /events/{key}       has a job run at once (a bearer token lets in)
//	POST /complete/{token}   reports that a long job has ended (the token lets in)
//
// Errors are JSON: {"error":{"field":"option.url","message":"…"}}. Nothing of a
// request is logged. Paths are taken as they are: a key may hold slashes, and
// must not be changed by the cleaning that http.ServeMux does.
package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	maxBody = 64 << 10 // bytes of a request's

	eventsPath   = "/events/"
	completePath = "/complete/"
)

// Events publishes events. Methods are safe for concurrent use. An error does
// not mean that the event is not run.
type Events interface {
	// Publish returns once the event is on its way to a worker.
	Publish(ctx context.Context, key string, data []byte) error
	// Request is Publish, and then waits for the final record. When ctx ends
	// meanwhile the error wraps that of ctx.
	Request(ctx context.Context, key string, data []byte) (contract.Result, error)
}

// Completer takes reports of completions. It is safe for concurrent use.
type Completer interface {
	// Complete ends the occurrence that is open under token. It returns once
	// that is stored.
	Complete(ctx context.Context, token string, c contract.Completed) error
}

// Settings of an API.
type Settings struct {
	// EventsToken lets events in. Empty: there is no /events.
	EventsToken string

	// NotOpen is the error (errors.Is) of a Completer under whose token nothing
	// is open, and Invalid that of one that does not take the report, as it does
	// with a *contract.FieldError. With any other error it is to be sent again.
	// Both may be nil.
	NotOpen, Invalid error
}

// API answers requests. It is an http.Handler.
type API struct {
	settings Settings
	events   Events
	complete Completer
	guard    *guard
}

// New makes an API. complete may be nil: then no token is known.
func New(settings Settings, events Events, complete Completer) *API {
	return &API{settings: settings, events: events, complete: complete, guard: newGuard()}
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, isEvent := strings.CutPrefix(r.URL.Path, eventsPath)
	token, isComplete := strings.CutPrefix(r.URL.Path, completePath)
	switch {
	case isEvent && a.settings.EventsToken != "":
		a.only(w, r, func() { a.event(w, r, key) })
	case isComplete:
		a.only(w, r, func() { a.completion(w, r, token) })
	default:
		fail(w, http.StatusNotFound, "", "there is nothing under this path")
	}
}

// only lets requests through that may be looked at: POST, from a client that
// has not guessed too often.
func (a *API) only(w http.ResponseWriter, r *http.Request, then func()) {
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		fail(w, http.StatusMethodNotAllowed, "", "want POST")
	case a.guard.bars(r.RemoteAddr):
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusTooManyRequests, "", "too many requests with a wrong token, try again later")
	default:
		then()
	}
}

// body reads the request's body. When it returns false the request has been
// answered.
func body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		fail(w, http.StatusUnsupportedMediaType, "", "want a body without a content coding")
		return nil, false
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		fail(w, http.StatusRequestEntityTooLarge, "", "want a body of at most 64 KiB")
		return nil, false
	case err != nil:
		fail(w, http.StatusBadRequest, "", "the body cannot be read")
		return nil, false
	}
	return data, true
}
