package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	maxToken        = 128 // characters
	completeTimeout = 10 * time.Second
)

// completion takes the report of a target that a long job has ended. It answers
// 204; 404 also when the job has ended already, or was given up.
func (a *API) completion(w http.ResponseWriter, r *http.Request, token string) {
	if a.complete == nil || !isToken(token) {
		a.notOpen(w, r)
		return
	}
	data, ok := body(w, r)
	if !ok {
		return
	}
	report, err := contract.DecodeCompleted(data)
	if err != nil {
		refuse(w, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), completeTimeout)
	defer cancel()
	err = a.complete.Complete(ctx, token, report)
	var field *contract.FieldError
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case is(err, a.settings.NotOpen):
		a.notOpen(w, r)
	case errors.As(err, &field):
		refuse(w, field)
	case is(err, a.settings.Invalid):
		fail(w, http.StatusUnprocessableEntity, "", "the report cannot be taken")
	default:
		unavailable(w, "the report cannot be stored now, send it again")
	}
}

// is: errors.Is of nil targets is true for nil errors only, but here says so.
func is(err, target error) bool { return target != nil && errors.Is(err, target) }

// notOpen answers a token that is wrong, or no longer right.
func (a *API) notOpen(w http.ResponseWriter, r *http.Request) {
	a.guard.failed(r.RemoteAddr)
	fail(w, http.StatusNotFound, "", "nothing waits for a report under this address: it has come, is overdue, or the address is wrong")
}

// isToken: tokens become part of subjects.
func isToken(s string) bool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	return s != "" && len(s) <= maxToken && strings.Trim(s, alphabet) == ""
}
