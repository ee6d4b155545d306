package tracetest

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	wire "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Span is a span as it was sent. IDs are hexadecimal digits.
type Span struct {
	Resource   map[string]string // what is told of the program
	Name, Kind string            // the kind in lower case, for example "client"
	TraceID    string
	SpanID     string
	Parent     string   // empty: it is the first of its trace
	Links      []string // IDs of traces
	Attributes map[string]string
	Failed     bool
	Message    string // why
	Start, End time.Time
}

// Service is the name of the program.
func (s *Span) Service() string { return s.Resource["service.name"] }

// Named are the spans of that name.
func Named(spans []Span, name string) []Span {
	return slices.DeleteFunc(slices.Clone(spans), func(s Span) bool { return s.Name != name })
}

func read(r *collector.ExportTraceServiceRequest) (spans []Span) {
	for _, of := range r.GetResourceSpans() {
		about := attributes(of.GetResource().GetAttributes())
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				spans = append(spans, span(s, about))
			}
		}
	}
	return spans
}

func span(s *wire.Span, about map[string]string) Span {
	result := Span{
		Resource: about, Name: s.GetName(), Kind: strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_")),
		TraceID: hex.EncodeToString(s.GetTraceId()), SpanID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Attributes: attributes(s.GetAttributes()), Message: s.GetStatus().GetMessage(),
		Failed: s.GetStatus().GetCode() == wire.Status_STATUS_CODE_ERROR,
		Start:  time.Unix(0, int64(s.GetStartTimeUnixNano())), End: time.Unix(0, int64(s.GetEndTimeUnixNano())),
	}
	for _, link := range s.GetLinks() {
		result.Links = append(result.Links, hex.EncodeToString(link.GetTraceId()))
	}
	return result
}

func attributes(all []*common.KeyValue) map[string]string {
	texts := map[string]string{}
	for _, a := range all {
		switch v := a.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			texts[a.GetKey()] = v.StringValue
		case *common.AnyValue_IntValue:
			texts[a.GetKey()] = fmt.Sprint(v.IntValue)
		case *common.AnyValue_BoolValue:
			texts[a.GetKey()] = strconv.FormatBool(v.BoolValue)
		default:
			texts[a.GetKey()] = fmt.Sprint(v)
		}
	}
	return texts
}
