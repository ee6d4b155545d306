package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/weplanx/workflow/shared/contract"
)

// problem is the body of an error.
type problem struct {
	Error struct {
		Field   string `json:"field,omitempty"` // what is wrong; empty: no field of the request
		Message string `json:"message"`
	} `json:"error"`
}

func fail(w http.ResponseWriter, status int, field, message string) {
	var p problem
	p.Error.Field, p.Error.Message = field, message
	answer(w, status, p)
}

// refuse answers a request whose content is wrong. err is of the contract and
// holds nothing that is secret to the sender.
func refuse(w http.ResponseWriter, err error) { refuseWith(w, http.StatusUnprocessableEntity, err) }

// refuseWith is refuse with another status: 400 where it is the request itself
// that is wrong, such as a parameter.
func refuseWith(w http.ResponseWriter, status int, err error) {
	var field *contract.FieldError
	if errors.As(err, &field) {
		fail(w, status, field.Field, field.Problem)
		return
	}
	fail(w, status, "", err.Error())
}

// unavailable answers a request that may be sent again.
func unavailable(w http.ResponseWriter, message string) {
	w.Header().Set("Retry-After", "1")
	fail(w, http.StatusServiceUnavailable, "", message)
}

func answer(w http.ResponseWriter, status int, body any) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone: there is nobody to tell
}
