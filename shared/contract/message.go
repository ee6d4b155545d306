package contract

import (
	"encoding/json"
	"strings"
	"time"
)

// Trigger says: run this occurrence now. A worker that gets it before Due
// waits until then.
type Trigger struct {
	V         int             `json:"v"`
	ID        string          `json:"id"`
	Key       string          `json:"key"`
	Index     int             `json:"index"`
	Mode      string          `json:"mode"`
	Scheduled time.Time       `json:"scheduled"` // nominal time
	Due       time.Time       `json:"due"`       // nominal time, or later: see EffectDelay
	Revision  uint64          `json:"revision"`  // of the schedule in its bucket
	Timeout   Duration        `json:"timeout,omitzero"`
	Option    json.RawMessage `json:"option,omitempty"`

	// The job's policies; zero values are the defaults that Job tells of.
	Attempts   int      `json:"attempts,omitempty"`
	Deadline   Duration `json:"deadline,omitzero"`
	Overlap    string   `json:"overlap,omitempty"`
	Completion Duration `json:"completion,omitzero"`

	// Origin is the ID of the occurrence that a trigger sent again repeats. It
	// is the webhook-id of the callback; the trigger's own ID is in the log.
	Origin string `json:"origin,omitempty"`

	// Missed is set on triggers of mode MISSED, which are recorded, not run.
	Missed *Missed `json:"missed,omitempty"`
}

// Missed are occurrences of one job that were not run: Count nominal times
// from From to To, both included.
type Missed struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Count  int64     `json:"count"`
	Reason string    `json:"reason"`
}

// Cursor is the position of a partition: every occurrence up to and including
// it has been published or accounted for. Occurrences are ordered by due time,
// key, index, nominal time.
type Cursor struct {
	V         int       `json:"v"`
	Due       time.Time `json:"due"`
	Key       string    `json:"key,omitempty"`
	Index     int       `json:"index"`
	Scheduled time.Time `json:"scheduled,omitzero"`

	// CatchUp is set while occurrences that are too late to be run one by one
	// are worked off job by job.
	CatchUp *CatchUp `json:"catch_up,omitempty"`

	// Partitions is how many the namespace has. 0: as the metadata of the
	// trigger stream says.
	Partitions int `json:"partitions,omitempty"`

	// Before is set after the number of partitions was changed, until the
	// cursor has passed the positions it holds: keys stood at the cursor of
	// their former partition, if that is further than this one.
	Before *Before `json:"before,omitempty"`

	// Retired marks the cursor of a partition that the namespace no longer has.
	Retired bool `json:"retired,omitempty"`

	// Node is the scheduler that wrote the cursor, for people.
	Node string `json:"node,omitempty"`
}

// Before are the cursors of all former partitions, in their order.
type Before struct {
	Cursors []Position `json:"cursors"`
}

// Position is where a former partition's cursor stood.
type Position struct {
	Due       time.Time `json:"due"`
	Key       string    `json:"key,omitempty"`
	Index     int       `json:"index"`
	Scheduled time.Time `json:"scheduled,omitzero"`
}

// CatchUp is the position inside a catch-up: the jobs up to and including
// (Key, Index) are accounted for up to and including Until; those after it
// still stand at the cursor.
type CatchUp struct {
	Until time.Time `json:"until"`
	Key   string    `json:"key"`
	Index int       `json:"index"`
}

// Heartbeat says that a scheduler is alive. It is stored under
// NodePrefix + Node in the bucket of the schedules.
type Heartbeat struct {
	V       int       `json:"v"`
	Node    string    `json:"node"`
	Sent    time.Time `json:"sent"`
	Started time.Time `json:"started"`
	// Resigned is set by a node that stops: others take over at once.
	Resigned bool `json:"resigned,omitempty"`
	// Partitions is how many the node knows of. Those that know of another number
	// share nothing with it. Zero: it does not say, and counts.
	Partitions int `json:"partitions,omitempty"`
}

// Event asks a worker to run a job at once. It is published on
// {namespace}.events.{key}, is not persistent and is not retried.
type Event struct {
	Mode   string          `json:"mode"`
	Option json.RawMessage `json:"option"`
}

// Kinds of a Result.
const (
	KindAttempt  = "attempt"   // one attempt
	KindFinal    = "final"     // the end of an occurrence; exactly one each
	KindMissed   = "missed"    // occurrences that were not run
	KindBadEntry = "bad_entry" // a stored schedule that cannot be used
)

// Outcomes of a Result.
const (
	OutcomeSuccess = "success"
	OutcomeRetry   = "retry" // this attempt failed, another will follow
	OutcomeFailed  = "failed"
	OutcomeDead    = "dead"
	OutcomeExpired = "expired"
	OutcomeSkipped = "skipped"
	OutcomeLost    = "lost"
	OutcomeMissed  = "missed"
)

// Classes of an error in a Result.
const (
	ErrorTimeout = "timeout" // the attempt took longer than its timeout
	ErrorDNS     = "dns"     // the host has no address
	ErrorConnect = "connect" // no connection
	ErrorNetwork = "network" // the connection broke
	ErrorStatus  = "status"  // the answer was not a success
	ErrorInvalid = "invalid" // the trigger or its option cannot be used
	ErrorStopped = "stopped" // the worker stopped meanwhile

	ErrorEgress   = "egress"   // the worker may not call that address
	ErrorTLS      = "tls"      // the connection could not be made secure
	ErrorProtocol = "protocol" // the answer was not valid, or larger than the limits
	ErrorLost     = "lost"     // no completion was reported in time
	ErrorTarget   = "target"   // the target reported that the job failed
	ErrorBusy     = "busy"     // the target had as many calls as it may have, or failed too often
)

// Result is a record of the log stream. Fields that do not apply to a record
// are absent: which do follows from its Kind.
//
//   - attempt: one attempt, with Attempt, Started, Finished, Outcome and what
//     came back. An attempt that ends the occurrence is followed by a record of
//     kind final with the same fields.
//   - final: the end of an occurrence, once each. Without Attempt when it ended
//     before any was made (expired, skipped, a trigger that cannot be run).
//   - missed: Count occurrences of one job, From to To, that were not run.
//   - bad_entry: a stored schedule that cannot be used; Reason says why.
type Result struct {
	// V is the version of the message, 1.
	V int `json:"v"`
	// Kind is one of the Kind constants.
	Kind string `json:"kind"`
	// ID is the occurrence's: the same in all its records. See OccurrenceID and
	// ManualID; an event gets one of its own.
	ID string `json:"id"`
	// Key is the schedule's, or the one that an event was published for.
	Key string `json:"key"`
	// Index is that of the job in its schedule, from 0.
	Index int `json:"index"`
	// Mode is the job's, for example "HTTP".
	Mode string `json:"mode,omitempty"`
	// Scheduled is the nominal time; of a run by hand and of an event, when it
	// was asked for.
	Scheduled time.Time `json:"scheduled,omitzero"`
	// Due is when it was to be run: Scheduled, or later because of jitter or
	// because the schedule was stored a moment before (EffectDelay). Of what was
	// sent again, when that was.
	Due time.Time `json:"due,omitzero"`
	// Started and Finished are when the attempt began and ended, by the clock of
	// the worker. Started of a final record is that of the last attempt.
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	// Attempt counts the attempts of an occurrence, from 1.
	Attempt int `json:"attempt,omitempty"`
	// Outcome is one of the Outcome constants: of an attempt "success", "retry",
	// "failed" or "dead"; of a final record any but "retry" and "missed".
	Outcome string `json:"outcome,omitempty"`
	// Status is that of the answer: of HTTP, or the code of a NATS service's
	// error (ADR-32). 0: none came.
	Status int `json:"status,omitempty"`
	// ErrorClass is one of the Error constants; empty on success.
	ErrorClass string `json:"error_class,omitempty"`
	// Error is what went wrong, for people. It holds no header, no request's
	// body and no URL.
	Error string `json:"error,omitempty"`
	// Worker is the name of the one that wrote the record.
	Worker string `json:"worker,omitempty"`
	// From and To are the first and the last nominal time of what was missed,
	// both included, and Count is how many there are.
	From  time.Time `json:"from,omitzero"`
	To    time.Time `json:"to,omitzero"`
	Count int64     `json:"count,omitempty"`
	// Reason is why an occurrence was not run, or an entry is bad, for people.
	Reason string `json:"reason,omitempty"`

	// Lateness is from Due to Started. Zero: in time, or not started.
	Lateness Duration `json:"lateness,omitzero"`
	// Bytes is how much of the answer's body was read.
	Bytes int64 `json:"bytes,omitempty"`
	// Excerpt is the beginning of the answer's body, up to MaxExcerpt bytes,
	// valid UTF-8. Empty when there was none or the job does not want it.
	Excerpt string `json:"excerpt,omitempty"`
	// TraceID is that of the traceparent header (W3C Trace Context): 32
	// hexadecimal digits, the same for all attempts of an occurrence.
	TraceID string `json:"trace_id,omitempty"`
	// Origin is the ID of the occurrence that this one repeats, when a dead
	// letter was sent again.
	Origin string `json:"origin,omitempty"`
}

// EventPrefix begins the ID of an event, which is random.
const EventPrefix = "event-"

// ByHand reports whether the record is of a run that no schedule planned:
// somebody asked for it, sent a dead letter again or published an event. The ID
// of what is planned has no "-".
func (r *Result) ByHand() bool { return r.Origin != "" || strings.Contains(r.ID, "-") }

// ReasonOpen is the reason in the record of an attempt that the target has
// accepted and not finished: it will report the completion.
const ReasonOpen = "waits for its completion"

// MaxExcerpt is the longest excerpt of an answer in a Result, in bytes.
const MaxExcerpt = 16 << 10

// Dead is a dead letter: a trigger that ended without success, or that could
// not be run at all. It can be sent again, unless its trigger could not be read.
type Dead struct {
	// V is the version of the message, 1.
	V int `json:"v"`
	// ID is the occurrence's, as in its records.
	ID string `json:"id"`
	// Key is the schedule's and Index that of the job, from 0.
	Key   string `json:"key"`
	Index int    `json:"index"`
	// Mode is the job's, for example "HTTP".
	Mode string `json:"mode,omitempty"`
	// Scheduled is the nominal time. Zero: the trigger could not be read.
	Scheduled time.Time `json:"scheduled,omitzero"`
	// Died is when the occurrence ended, by the clock of the worker.
	Died time.Time `json:"died"`
	// Outcome is that of the final record: "dead", "failed" or "lost".
	Outcome string `json:"outcome"`
	// Reason is why the trigger was not run, for people. Empty: it was.
	Reason string `json:"reason,omitempty"`
	// Attempts is how many were made.
	Attempts int `json:"attempts,omitempty"`
	// Status, ErrorClass and Error are those of the last attempt: see Result.
	Status     int    `json:"status,omitempty"`
	ErrorClass string `json:"error_class,omitempty"`
	Error      string `json:"error,omitempty"`
	// Worker is the name of the one that wrote the letter.
	Worker string `json:"worker,omitempty"`

	// Trigger is what was to be run. Nil: it could not be read, and Data holds
	// its bytes, up to MaxDeadData of them.
	Trigger *Trigger `json:"trigger,omitempty"`
	// Data is what was in the place of a trigger; base64 in JSON.
	Data []byte `json:"data,omitempty"`
}

// MaxDeadData is how many bytes of a trigger that cannot be read are kept.
const MaxDeadData = 64 << 10

// Completed is a target's report that a long job has ended. An empty body, or
// an empty object, says that it succeeded; other fields are refused.
type Completed struct {
	Outcome string `json:"outcome,omitempty"` // "success" or "failed"; empty: failed if there is an Error
	Error   string `json:"error,omitempty"`   // why it failed, for people
}

// CompletedReply answers a report of a completion that was sent as a request.
type CompletedReply struct {
	Error string `json:"error,omitempty"` // why it was not taken; empty: it was
}
