// Package oteltrace makes the spans of a worker, by wrapping the ports that it
// works with: each span says what was done on the other side of one.
//
//	fire                     the scheduler's, whose ID follows from the occurrence
//	├── take                 from when the trigger came until it is called
//	├── POST                 an attempt; the target is given its ID
//	├── record               of the attempt
//	├── take, PUT, record    the next attempt, and so on
//	└── record               the end
//
// All are children of the first span, since what they belong to in between may be
// another worker's. An event has no scheduler: its attempt is the first span.
//
// What a span tells is what a record tells. Of the target that is the host and the
// port; the rest of its URL, headers and bodies may be secret.
package oteltrace
