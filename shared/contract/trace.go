package contract

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// TraceID is the ID of an occurrence's trace (W3C Trace Context): the
// occurrence's own, which has the form of one, or a hash of an ID that has not,
// such as that of an event. It is 32 lower-case hexadecimal digits, not all zero.
func TraceID(occurrence string) string {
	if isTraceID(occurrence) {
		return occurrence
	}
	sum := sha256.Sum256([]byte(occurrence))
	return hex.EncodeToString(sum[:traceDigits/2])
}

const traceDigits = 32

func isTraceID(s string) bool {
	zero := true
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
		zero = zero && c == '0'
	}
	return len(s) == traceDigits && !zero
}

// SpanID is the ID of one span of a trace. All zero: none.
type SpanID [8]byte

// RootSpan is the ID of the first span of an occurrence's trace, which the
// scheduler makes. It follows from the occurrence, so that whoever knows that
// can make a span that belongs below without being told.
func RootSpan(occurrence string) SpanID {
	sum := sha256.Sum256([]byte("span\x00" + occurrence))
	var id SpanID
	copy(id[:], sum[:])
	return id.valid()
}

// valid is id, unless that is all zero, which none may be.
func (id SpanID) valid() SpanID {
	if id == (SpanID{}) {
		id[len(id)-1] = 1
	}
	return id
}

// Traceparent is the header of that name (W3C Trace Context) for an attempt at
// an occurrence: all of them share a trace, each is a span of it. A zero span is
// replaced by a random one. sampled says that somebody records the trace.
func Traceparent(occurrence string, span SpanID, sampled bool) string {
	if span == (SpanID{}) {
		_, _ = rand.Read(span[:]) // never fails
		span = span.valid()
	}
	flags := "-00"
	if sampled {
		flags = "-01"
	}
	return "00-" + TraceID(occurrence) + "-" + hex.EncodeToString(span[:]) + flags
}
