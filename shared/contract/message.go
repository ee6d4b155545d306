package contract

import (
	"encoding/json"
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
	ErrorConnect = "connect" // no connection, or TLS failed
	ErrorNetwork = "network" // the connection broke
	ErrorStatus  = "status"  // the answer was not a success
	ErrorInvalid = "invalid" // the trigger or its option cannot be used
	ErrorStopped = "stopped" // the worker stopped meanwhile
)

// Result is a record of the log stream.
type Result struct {
	V          int       `json:"v"`
	Kind       string    `json:"kind"`
	ID         string    `json:"id"`
	Key        string    `json:"key"`
	Index      int       `json:"index"`
	Mode       string    `json:"mode,omitempty"`
	Scheduled  time.Time `json:"scheduled,omitzero"`
	Due        time.Time `json:"due,omitzero"`
	Started    time.Time `json:"started,omitzero"`
	Finished   time.Time `json:"finished,omitzero"`
	Attempt    int       `json:"attempt,omitempty"` // from 1
	Outcome    string    `json:"outcome,omitempty"`
	Status     int       `json:"status,omitempty"` // HTTP status; 0: none came
	ErrorClass string    `json:"error_class,omitempty"`
	Error      string    `json:"error,omitempty"`
	Worker     string    `json:"worker,omitempty"`
	From       time.Time `json:"from,omitzero"`
	To         time.Time `json:"to,omitzero"`
	Count      int64     `json:"count,omitempty"`
	Reason     string    `json:"reason,omitempty"`
}
