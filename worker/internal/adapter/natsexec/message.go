package natsexec

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// option is contract.NatsOption with the body as it was stored: a decoded one
// would lose the precision of large numbers.
type option struct {
	Subject   string            `json:"subject"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	Request   bool              `json:"request"`
	NoExcerpt bool              `json:"no_excerpt"`
}

// read returns the option of a call. The error names a field of it and holds no
// value of a header or of the body.
func read(call core.Call) (*option, error) {
	if err := contract.CheckOption(call.Mode, call.Option); err != nil {
		if err.Field != "" {
			err.Field = "." + err.Field
		}
		err.Field = "option" + err.Field
		return nil, err
	}
	var o option
	if err := json.Unmarshal(call.Option, &o); err != nil {
		return nil, &contract.FieldError{Field: "option", Problem: "is not that of mode NATS"}
	}
	if string(o.Body) == "null" {
		o.Body = nil
	}
	return &o, nil
}

// message makes the message. contract.CheckOption has refused a user's headers
// that have the names of ours, or of the server's.
func (e *Executor) message(call core.Call, o *option) *nats.Msg {
	h := nats.Header{}
	for name, value := range o.Headers {
		h.Set(name, value)
	}
	h.Set(contract.HeaderID, call.WebhookID)
	h.Set(contract.HeaderTimestamp, strconv.FormatInt(e.now().Unix(), 10))
	h.Set(contract.HeaderNamespace, string(e.names))
	h.Set(contract.HeaderKey, call.Key)
	h.Set(contract.HeaderIndex, strconv.Itoa(call.Index))
	h.Set(contract.HeaderTime, call.Scheduled.UTC().Format(time.RFC3339Nano))
	h.Set(contract.HeaderAttempt, strconv.Itoa(call.Attempt))
	h.Set(contract.HeaderTrace, contract.Traceparent(call.ID, call.Span, call.Sampled))
	if call.Token != "" && o.Request { // nobody answers a message that it will be long
		h.Set(contract.HeaderCompleteSubject, e.names.Completion(call.Token))
	}
	return &nats.Msg{Subject: e.names.Job(o.Subject), Header: h, Data: o.Body}
}
