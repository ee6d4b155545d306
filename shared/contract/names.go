package contract

import (
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// Version is the version of every message this package writes.
const Version = 1

// EffectDelay is how long after it was stored a new, changed or removed
// schedule takes effect, on every node alike. Until then the revision before
// it still holds; an occurrence of the new revision whose nominal time falls
// inside the delay is due at its end. It is a constant of the contract because
// all nodes and clients must agree on it.
const EffectDelay = 2500 * time.Millisecond

// Limits of what can be stored.
const (
	MaxKeyLength     = 128       // characters of a schedule key
	MaxJobs          = 100       // jobs in one schedule
	MaxScheduleBytes = 64 << 10  // of an encoded schedule
	BucketHistory    = 64        // revisions a bucket keeps of each schedule (the most that NATS allows)
	NodePrefix       = "_nodes." // keys under it are heartbeats, not schedules
)

// Modes that are built in. ModeMissed is not a mode a user can choose: it
// marks a trigger that only has to be recorded.
const (
	ModeHTTP   = "HTTP"
	ModeNATS   = "NATS"
	ModeMissed = "MISSED"
)

// Names derives the names of one namespace's buckets, streams and subjects.
type Names string

// Bucket is the KV bucket of the namespace's schedules.
func (n Names) Bucket() string { return string(n) + "_schedules" }

// BucketStream is the stream under Bucket.
func (n Names) BucketStream() string { return "KV_" + n.Bucket() }

// BucketSubject is the subject that holds key in BucketStream.
func (n Names) BucketSubject(key string) string { return "$KV." + n.Bucket() + "." + key }

// TriggerStream holds triggers (a work queue) and cursors.
func (n Names) TriggerStream() string { return string(n) + "_triggers" }

// Triggers matches every trigger of the namespace.
func (n Names) Triggers() string { return string(n) + ".triggers.>" }

// Trigger is the subject of a trigger.
func (n Names) Trigger(mode, key string) string { return string(n) + ".triggers." + mode + "." + key }

// Cursors matches every partition's cursor.
func (n Names) Cursors() string { return string(n) + ".cursors.*" }

// Cursor is the subject of one partition's cursor.
func (n Names) Cursor(partition int) string {
	return string(n) + ".cursors." + strconv.Itoa(partition)
}

// ResultStream is the log stream.
func (n Names) ResultStream() string { return string(n) + "_results" }

// Results matches every record of the log stream.
func (n Names) Results() string { return string(n) + ".results.>" }

// Result is the subject of the records of one schedule.
func (n Names) Result(key string) string { return string(n) + ".results." + key }

// DeadStream holds the triggers that ended without success.
func (n Names) DeadStream() string { return string(n) + "_dead" }

// Deads matches every dead letter of the namespace.
func (n Names) Deads() string { return string(n) + ".dead.>" }

// Dead is the subject of the dead letters of one schedule.
func (n Names) Dead(key string) string { return string(n) + ".dead." + key }

// RunStream holds, while they last, the states of runs that must outlive a
// worker: which occurrence of a job runs, and what waits for its completion.
func (n Names) RunStream() string { return string(n) + "_runs" }

// Runs matches every state of the namespace.
func (n Names) Runs() string { return string(n) + ".runs.>" }

// Run is the subject of one state. name is made of characters of a key.
func (n Names) Run(name string) string { return string(n) + ".runs." + name }

// Job is the subject to which jobs of mode NATS publish: subject is the job's,
// so that no schedule reaches beyond its namespace.
func (n Names) Job(subject string) string { return string(n) + ".jobs." + subject }

// Completions matches every report of a completion. Such reports are core NATS
// messages, not kept by any stream.
func (n Names) Completions() string { return string(n) + ".complete.*" }

// Completion is the subject on which a target reports that the occurrence for
// which it was given token has ended.
func (n Names) Completion(token string) string { return string(n) + ".complete." + token }

// Events matches every event of the namespace. Events are core NATS messages,
// not kept by any stream.
func (n Names) Events() string { return string(n) + ".events.>" }

// Event is the subject of events for key.
func (n Names) Event(key string) string { return string(n) + ".events." + key }

// EventKey returns the key in an event's subject.
func (n Names) EventKey(subject string) (key string, ok bool) {
	return strings.CutPrefix(subject, string(n)+".events.")
}

// Partition returns which of count partitions a key belongs to (FNV-1a modulo
// count). count must be positive.
func Partition(key string, count int) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum64() % uint64(count)) //nolint:gosec // both are small and positive
}

// Headers that a callback carries beside the user's own.
const (
	HeaderID        = "webhook-id"        // occurrence ID, the same on every attempt
	HeaderTimestamp = "webhook-timestamp" // seconds since the Unix epoch, of the attempt
	HeaderSignature = "webhook-signature" // Standard Webhooks, when a secret is set
	HeaderNamespace = "schedule-namespace"
	HeaderKey       = "schedule-key"
	HeaderIndex     = "schedule-index"
	HeaderTime      = "schedule-time"    // nominal time, RFC 3339, UTC
	HeaderAttempt   = "schedule-attempt" // from 1
	HeaderTrace     = "traceparent"      // W3C Trace Context
	HeaderAgent     = "user-agent"

	// Where to report a completion: a URL, when the worker has one, and a
	// subject. Both hold the attempt's one-time token.
	HeaderCompleteURL     = "schedule-complete-url"
	HeaderCompleteSubject = "schedule-complete-subject"
)

// HeaderComplete, with the value CompleteCallback, is set by a target that
// answers 202 and will report the completion later.
const (
	HeaderComplete   = "schedule-complete"
	CompleteCallback = "callback"
)
