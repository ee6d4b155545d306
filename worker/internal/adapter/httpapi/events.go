package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/weplanx/workflow/shared/contract"
)

// event has a job run at once. It answers 202 when the event is on its way,
// and, when it was asked to wait, 200 with the final record, whose outcome may
// be a failure.
func (a *API) event(w http.ResponseWriter, r *http.Request, key string) {
	if !a.authorised(r) {
		a.guard.failed(r.RemoteAddr)
		w.Header().Set("WWW-Authenticate", "Bearer")
		fail(w, http.StatusUnauthorized, "authorization", "want \"Bearer\" and the token of EVENTS_TOKEN")
		return
	}
	wait, err := parseWait(r)
	if err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	if err := contract.CheckKey(key); err != nil {
		refuse(w, err)
		return
	}
	data, ok := body(w, r)
	if !ok {
		return
	}
	if err := checkEvent(data); err != nil {
		refuse(w, err)
		return
	}
	a.run(w, r, key, data, wait)
}

// run publishes an event and answers.
func (a *API) run(w http.ResponseWriter, r *http.Request, key string, data []byte, wait wait) {
	if wait.limit == 0 {
		if err := a.events.Publish(r.Context(), key, data); err != nil {
			unavailable(w, "the event has not reached a worker for certain, it may still be run")
			return
		}
		accepted(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait.limit)
	defer cancel()
	record, err := a.events.Request(ctx, key, data)
	wait.applied(w)
	switch {
	case err == nil:
		record.V = contract.Version
		answer(w, http.StatusOK, record)
	case errors.Is(err, context.DeadlineExceeded):
		accepted(w) // it is being run: RFC 7240, section 4.3
	default:
		unavailable(w, "the event has not reached a worker for certain, it may still be run")
	}
}

func accepted(w http.ResponseWriter) {
	answer(w, http.StatusAccepted, map[string]string{"status": "accepted"})
}

// authorised compares hashes, so that the time it takes tells nothing of the
// token, its length included.
func (a *API) authorised(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(a.settings.EventsToken))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// checkEvent refuses what a worker could not run.
func checkEvent(data []byte) error {
	event, err := contract.DecodeEvent(data)
	if err != nil {
		return err
	}
	if wrong := contract.CheckMode(event.Mode); wrong != nil {
		return wrong
	}
	wrong := contract.CheckOption(event.Mode, event.Option)
	switch {
	case wrong == nil:
		return nil
	case wrong.Field == "":
		return &contract.FieldError{Field: "option", Problem: wrong.Problem}
	}
	return &contract.FieldError{Field: "option." + wrong.Field, Problem: wrong.Problem}
}
