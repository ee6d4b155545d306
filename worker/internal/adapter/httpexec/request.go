package httpexec

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
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

	request *http.Request // as the option asks for it, without headers and body
	wrong   error         // names a field and holds no value that may be secret; nil: it can be called
}

// read reads an option, whatever is wrong with it.
func read(raw json.RawMessage) *option {
	o := &option{}
	if err := json.Unmarshal(raw, o); err != nil {
		o.wrong = named(contract.CheckOption(contract.ModeHTTP, raw))
		return o
	}
	if string(o.Body) == "null" {
		o.Body = nil
	}
	check := contract.HttpOption{Method: o.Method, Url: o.URL, Headers: o.Headers, Accept: o.Accept}
	if o.Method == "" {
		o.Method = http.MethodPost
	}
	var err error
	if o.request, err = http.NewRequestWithContext(context.Background(), o.Method, o.URL, http.NoBody); err != nil {
		o.wrong = &contract.FieldError{Field: "option.url", Problem: "cannot be called"}
	}
	if err := check.Check(); err != nil {
		o.wrong = named(err)
	} else if o.wrong == nil {
		o.wrong = o.checkSize()
	}
	return o
}

// named makes the name of a field that of the trigger's.
func named(err *contract.FieldError) error {
	switch {
	case err == nil:
		return &contract.FieldError{Field: "option", Problem: "is not that of mode HTTP"}
	case err.Field == "":
		err.Field = "option"
	case err.Field == "url": // a scheme may be told, but what stands before a colon may be a password
		return &contract.FieldError{Field: "option.url", Problem: "cannot be called, want http://host/… or https://host/…"}
	default:
		err.Field = "option." + err.Field
	}
	return err
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

// target is the host and port of the URL, empty when there is none.
func (o *option) target() string {
	if o.request == nil || o.request.URL.Host == "" {
		return ""
	}
	u := o.request.URL
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return strings.ToLower(net.JoinHostPort(strings.TrimSuffix(u.Hostname(), "."), port))
}

// request is the one of an attempt.
func (e *Executor) request(ctx context.Context, call core.Call, o *option) *http.Request {
	r := o.request.WithContext(ctx)
	if len(o.Body) > 0 {
		r.ContentLength = int64(len(o.Body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(o.Body)), nil }
		r.Body, _ = r.GetBody()
	}
	r.Header = e.headers(call, o)
	return r
}

// headers are those of the job and ours; contract.CheckOption has refused a
// user's of these names.
func (e *Executor) headers(call core.Call, o *option) http.Header {
	h := header{make(http.Header, len(o.Headers)+ourHeaders), make([]string, 0, len(o.Headers)+ourHeaders)}
	if len(o.Body) > 0 {
		h.set(headerContentType, jsonContentType)
	}
	for name, value := range o.Headers {
		h.set(http.CanonicalHeaderKey(name), value)
	}
	now := e.now()
	h.set(headerID, call.WebhookID)
	h.set(headerTimestamp, strconv.FormatInt(now.Unix(), 10))
	if signature := e.signer.Sign(call.WebhookID, now, o.Body); signature != "" {
		h.set(headerSignature, signature)
	}
	h.set(headerNamespace, e.settings.Namespace)
	h.set(headerKey, call.Key)
	h.set(headerIndex, strconv.Itoa(call.Index))
	h.set(headerTime, call.Scheduled.UTC().Format(time.RFC3339Nano))
	h.set(headerAttempt, strconv.Itoa(call.Attempt))
	h.set(headerTrace, contract.Traceparent(call.ID, call.Span, call.Sampled))
	h.set(headerAgent, e.agent)
	if call.Token != "" {
		h.set(headerCompleteSubject, contract.Names(e.settings.Namespace).Completion(call.Token))
		if e.settings.URL != "" {
			h.set(headerCompleteURL, strings.TrimSuffix(e.settings.URL, "/")+"/complete/"+call.Token)
		}
	}
	return h.Header
}

// ourHeaders is how many there are at most.
const ourHeaders = 13

// Names in the form of http.Header, which takes time to find for each call anew.
var (
	headerContentType     = http.CanonicalHeaderKey("content-type")
	headerID              = http.CanonicalHeaderKey(contract.HeaderID)
	headerTimestamp       = http.CanonicalHeaderKey(contract.HeaderTimestamp)
	headerSignature       = http.CanonicalHeaderKey(contract.HeaderSignature)
	headerNamespace       = http.CanonicalHeaderKey(contract.HeaderNamespace)
	headerKey             = http.CanonicalHeaderKey(contract.HeaderKey)
	headerIndex           = http.CanonicalHeaderKey(contract.HeaderIndex)
	headerTime            = http.CanonicalHeaderKey(contract.HeaderTime)
	headerAttempt         = http.CanonicalHeaderKey(contract.HeaderAttempt)
	headerTrace           = http.CanonicalHeaderKey(contract.HeaderTrace)
	headerAgent           = http.CanonicalHeaderKey(contract.HeaderAgent)
	headerCompleteSubject = http.CanonicalHeaderKey(contract.HeaderCompleteSubject)
	headerCompleteURL     = http.CanonicalHeaderKey(contract.HeaderCompleteURL)
)

// header is an http.Header whose values share memory.
type header struct {
	http.Header
	values []string
}

// set sets a value under a canonical name.
func (h *header) set(name, value string) {
	h.values = append(h.values, value)
	last := len(h.values)
	h.Header[name] = h.values[last-1 : last : last]
}
