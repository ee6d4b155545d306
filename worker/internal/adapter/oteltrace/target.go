package oteltrace

import (
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/core"
)

// option is what a span tells of an option.
type option struct {
	Method  string `json:"method"`
	Request bool   `json:"request"`
}

// target says what is called, by the semantic conventions for clients of HTTP
// and of messaging systems, without what may be secret.
func (e *Executor) target(call *core.Call) (name string, kind trace.SpanKind, about []attribute.KeyValue) {
	var o option
	_ = json.Unmarshal(call.Option, &o) // the executor tells what is wrong with it
	if call.Mode != contract.ModeHTTP {
		service := e.names.Job(strings.TrimPrefix(call.Plan.Target, "nats:"))
		return message(call, o, service)
	}
	name = method(o.Method)
	about = append(about, semconv.HTTPRequestMethodKey.String(name))
	if host, port, err := net.SplitHostPort(call.Plan.Target); err == nil {
		about = append(about, semconv.ServerAddress(host))
		if n, err := strconv.Atoi(port); err == nil {
			about = append(about, semconv.ServerPort(n))
		}
	}
	if call.Attempt > 1 {
		about = append(about, semconv.HTTPRequestResendCount(call.Attempt-1))
	}
	if name == otherMethod {
		name = "HTTP" // as the conventions want it
	}
	return name, trace.SpanKindClient, about
}

// message: of the subject only the part is told that names the service.
func message(call *core.Call, o option, service string) (name string, kind trace.SpanKind, about []attribute.KeyValue) {
	name, kind = "publish", trace.SpanKindProducer
	if o.Request {
		name, kind = "request", trace.SpanKindClient
	}
	return name, kind, tracing.Message(call.ID, service, name, semconv.MessagingOperationTypeSend)
}

// otherMethod stands for methods that the conventions do not know.
const otherMethod = "_OTHER"

func method(name string) string {
	switch name {
	case "":
		return http.MethodPost
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return name
	}
	return otherMethod
}

// errorType is the class of an error or, where the answer itself is one, its
// status.
func errorType(a core.Answer) attribute.KeyValue {
	if a.Class == contract.ErrorStatus && a.Status != 0 {
		return semconv.ErrorTypeKey.String(strconv.Itoa(a.Status))
	}
	return semconv.ErrorTypeKey.String(a.Class)
}
