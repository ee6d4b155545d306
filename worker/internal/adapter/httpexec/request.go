package httpexec

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

const (
	maxSentHeader   = 64 << 10 // bytes of the headers that a job sets
	maxSentBody     = 1 << 20  // bytes of a request's body
	contentType     = "Content-Type"
	jsonContentType = "application/json"
)

// option is contract.HttpOption with the body as it was stored: a decoded one
// would lose the precision of large numbers.
type option struct {
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	Accept    []int             `json:"accept"`
	NoExcerpt bool              `json:"no_excerpt"`
}

// read returns the option of a call. The error names a field of it and holds
// no value that may be secret.
func read(call core.Call) (*option, error) {
	if err := contract.CheckOption(call.Mode, call.Option); err != nil {
		switch err.Field {
		case "":
			err.Field = "option"
		case "url": // a scheme may be told, but what stands before a colon may be a password
			err = &contract.FieldError{Field: "option.url", Problem: "cannot be called, want http://host/… or https://host/…"}
		default:
			err.Field = "option." + err.Field
		}
		return nil, err
	}
	var o option
	if err := json.Unmarshal(call.Option, &o); err != nil {
		return nil, &contract.FieldError{Field: "option", Problem: "is not that of mode HTTP"}
	}
	if string(o.Body) == "null" {
		o.Body = nil
	}
	if o.Method == "" {
		o.Method = http.MethodPost
	}
	return &o, nil
}

// checkSize bounds what events may ask to be sent; schedules are smaller.
func (o *option) checkSize() error {
	size := 0
	for name, value := range o.Headers {
		size += len(name) + len(value)
	}
	switch {
	case size > maxSentHeader:
		return &contract.FieldError{Field: "option.headers", Problem: "are larger than 64 KiB together"}
	case len(o.Body) > maxSentBody:
		return &contract.FieldError{Field: "option.body", Problem: "is larger than 1 MiB"}
	}
	return nil
}

func (e *Executor) request(ctx context.Context, call core.Call, o *option) (*http.Request, error) {
	var body io.Reader
	if len(o.Body) > 0 {
		body = bytes.NewReader(o.Body)
	}
	request, err := http.NewRequestWithContext(ctx, o.Method, o.URL, body)
	if err != nil {
		return nil, &contract.FieldError{Field: "option.url", Problem: "cannot be called"}
	}
	if body != nil {
		request.Header.Set(contentType, jsonContentType)
	}
	for name, value := range o.Headers {
		request.Header.Set(name, value)
	}
	e.headers(request.Header, call, o.Body)
	return request, nil
}

// headers sets ours; contract.CheckOption has refused a user's of these names.
func (e *Executor) headers(h http.Header, call core.Call, body []byte) {
	now := e.now()
	h.Set(contract.HeaderID, call.WebhookID)
	h.Set(contract.HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	if signature := e.signer.Sign(call.WebhookID, now, body); signature != "" {
		h.Set(contract.HeaderSignature, signature)
	}
	h.Set(contract.HeaderNamespace, e.settings.Namespace)
	h.Set(contract.HeaderKey, call.Key)
	h.Set(contract.HeaderIndex, strconv.Itoa(call.Index))
	h.Set(contract.HeaderTime, call.Scheduled.UTC().Format(time.RFC3339Nano))
	h.Set(contract.HeaderAttempt, strconv.Itoa(call.Attempt))
	h.Set(contract.HeaderTrace, traceparent(call.ID))
	h.Set(contract.HeaderAgent, "weplanx-workflow/"+e.settings.Version)
	if call.Token == "" {
		return
	}
	h.Set(contract.HeaderCompleteSubject, contract.Names(e.settings.Namespace).Completion(call.Token))
	if e.settings.URL != "" {
		h.Set(contract.HeaderCompleteURL, strings.TrimSuffix(e.settings.URL, "/")+"/complete/"+call.Token)
	}
}
