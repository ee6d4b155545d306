package natsexec

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// traceparent is a W3C Trace Context header. All attempts of an occurrence
// share a trace, each is a span of it. The flags say "not sampled": nobody
// records our side yet.
func traceparent(occurrence string) string {
	var span [8]byte
	_, _ = rand.Read(span[:]) // never fails
	span[7] |= 1              // all zero would be invalid
	return "00-" + traceID(occurrence) + "-" + hex.EncodeToString(span[:]) + "-00"
}

// traceID is the occurrence's ID, which has the form of a trace ID, or a hash
// of one that does not.
func traceID(occurrence string) string {
	const digits = 32
	if len(occurrence) == digits && strings.Trim(occurrence, "0123456789abcdef") == "" && strings.Trim(occurrence, "0") != "" {
		return occurrence
	}
	sum := sha256.Sum256([]byte(occurrence))
	return hex.EncodeToString(sum[:digits/2])
}
