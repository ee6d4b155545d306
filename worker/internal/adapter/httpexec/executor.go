// Package httpexec makes HTTP callbacks.
package httpexec

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

const (
	maxBody         = 64 << 10 // bytes of a response that are read, so that its connection can be used again
	maxHeader       = 64 << 10 // bytes of a response's headers
	connectTimeout  = 10 * time.Second
	idleTimeout     = 90 * time.Second
	maxIdle         = 1024
	maxIdlePerHost  = 128
	contentType     = "Content-Type"
	jsonContentType = "application/json"
)

// Executor is core.Executor for mode HTTP. All calls share its connections.
type Executor struct {
	namespace string
	agent     string
	now       func() time.Time
	transport *http.Transport
}

// New makes an executor that calls itself "weplanx-workflow/version".
func New(namespace, version string, clock core.Clock) *Executor {
	return &Executor{
		namespace: namespace,
		agent:     "weplanx-workflow/" + version,
		now:       clock.Now,
		transport: &http.Transport{ // no Proxy: the environment must not redirect callbacks
			DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    connectTimeout,
			MaxIdleConns:           maxIdle,
			MaxIdleConnsPerHost:    maxIdlePerHost,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true, // bodies are not looked into
			ForceAttemptHTTP2:      true,
		},
	}
}

// Close closes the idle connections.
func (e *Executor) Close() { e.transport.CloseIdleConnections() }

// option is contract.HttpOption with the body as it was stored: a decoded one
// would lose the precision of large numbers.
type option struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// Execute implements core.Executor. The status alone decides: a success whose
// body breaks off is one. The transport is used directly, without an
// http.Client, so that redirects are answers like any other.
func (e *Executor) Execute(ctx context.Context, call core.Call) core.Answer {
	request, err := e.request(ctx, call)
	if err != nil {
		return core.Answer{Verdict: core.Permanent, Class: contract.ErrorInvalid, Error: err.Error()}
	}
	response, err := e.transport.RoundTrip(request)
	if err != nil {
		return failed(ctx, err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxBody+1)
	return answered(response, e.now())
}

// request builds the request. Its error names a field of the option and holds
// no value of it.
func (e *Executor) request(ctx context.Context, call core.Call) (*http.Request, error) {
	if err := contract.CheckOption(call.Mode, call.Option); err != nil {
		if err.Field != "" {
			err.Field = "." + err.Field
		}
		err.Field = "option" + err.Field
		return nil, err
	}
	var o option
	if err := json.Unmarshal(call.Option, &o); err != nil {
		return nil, &contract.FieldError{Field: "option", Problem: "is not that of mode HTTP"}
	}
	if o.Method == "" {
		o.Method = http.MethodPost
	}
	var body io.Reader
	if len(o.Body) > 0 && string(o.Body) != "null" {
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
	e.headers(request.Header, call)
	return request, nil
}

// headers sets ours; contract.CheckOption has refused a user's of these names.
func (e *Executor) headers(h http.Header, call core.Call) {
	h.Set(contract.HeaderID, call.WebhookID)
	h.Set(contract.HeaderTimestamp, strconv.FormatInt(e.now().Unix(), 10))
	h.Set(contract.HeaderNamespace, e.namespace)
	h.Set(contract.HeaderKey, call.Key)
	h.Set(contract.HeaderIndex, strconv.Itoa(call.Index))
	h.Set(contract.HeaderTime, call.Scheduled.UTC().Format(time.RFC3339Nano))
	h.Set(contract.HeaderAttempt, strconv.Itoa(call.Attempt))
	h.Set(contract.HeaderTrace, traceparent(call.ID))
	h.Set(contract.HeaderAgent, e.agent)
}

// Target implements core.Executor: the host and port of the option's URL.
func (e *Executor) Target(raw json.RawMessage) string {
	var o option
	if json.Unmarshal(raw, &o) != nil {
		return ""
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" {
		return ""
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return strings.ToLower(net.JoinHostPort(u.Hostname(), port))
}

// answered says what a response means.
func answered(r *http.Response, now time.Time) core.Answer {
	a := core.Answer{Status: r.StatusCode, Verdict: verdict(r.StatusCode)}
	if a.Verdict == core.Success {
		return a
	}
	a.Class = contract.ErrorStatus
	a.Error = strings.TrimSpace("status " + strconv.Itoa(r.StatusCode) + " " + http.StatusText(r.StatusCode))
	if a.Verdict == core.Temporary {
		a.RetryAfter = retryAfter(r.Header.Get("Retry-After"), now)
	}
	return a
}

// verdict: 2xx is a success; what the target itself calls temporary is tried
// again; every other status would come again.
func verdict(status int) core.Verdict {
	switch {
	case status >= 200 && status <= 299:
		return core.Success
	case status >= 500 && status <= 599:
		return core.Temporary
	}
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return core.Temporary
	}
	return core.Permanent
}

// retryAfter reads the header Retry-After: seconds or a date (RFC 9110, section
// 10.2.3). 0: there is none that can be read.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
