package tracing

import (
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Attributes of spans beside those of the semantic conventions. They are named
// like the headers of callbacks, and stable.
const (
	Namespace  = attribute.Key("schedule.namespace")
	Key        = attribute.Key("schedule.key")
	Index      = attribute.Key("schedule.index")
	Mode       = attribute.Key("schedule.mode")
	Time       = attribute.Key("schedule.time")        // nominal, RFC 3339, UTC
	Due        = attribute.Key("schedule.due")         // when it is to be run
	Attempt    = attribute.Key("schedule.attempt")     // from 1
	Outcome    = attribute.Key("schedule.outcome")     // as in the records
	ErrorClass = attribute.Key("schedule.error_class") // as in the records
	Record     = attribute.Key("schedule.record")      // the kind of a record
	Origin     = attribute.Key("schedule.origin")      // the occurrence that a dead letter was of
	Partition  = attribute.Key("schedule.partition")
	Node       = attribute.Key("schedule.node")   // that fired
	Missed     = attribute.Key("schedule.missed") // how many occurrences were
)

// Message are the attributes of a span about a message on NATS that belongs to an
// occurrence: its subject, and what is done with it.
func Message(occurrence, subject, operation string, kind attribute.KeyValue) []attribute.KeyValue {
	return []attribute.KeyValue{
		semconv.MessagingSystemKey.String("nats"), semconv.MessagingMessageID(occurrence), semconv.MessagingDestinationName(subject),
		semconv.MessagingOperationName(operation), kind,
	}
}
