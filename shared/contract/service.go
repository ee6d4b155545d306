package contract

import "time"

// Endpoints of the schedulers' NATS micro service (ADR-32), below the subject
// {namespace}.schedule. Requests and answers are JSON; an error is reported in
// the headers Nats-Service-Error and Nats-Service-Error-Code, as the ADR says.
const (
	EndpointPing    = "ping"    // every scheduler answers with NodePing
	EndpointState   = "state"   // every scheduler answers with NodeState
	EndpointPreview = "preview" // one scheduler answers a PreviewRequest with a Preview
	EndpointRun     = "run"     // one scheduler answers a RunRequest with a RunAnswer
	EndpointResend  = "resend"  // one scheduler answers a ResendRequest with a ResendAnswer
)

// Codes of errors of the micro service.
const (
	CodeInvalid     = "400" // the request, or a field of it, cannot be used
	CodeNotFound    = "404" // no such schedule or dead letter
	CodeUnusable    = "422" // what is stored cannot be run: a bad entry, a trigger that cannot be read
	CodeUnavailable = "503" // JetStream did not answer in time; what was asked for may have been done
	CodeFull        = "507" // the trigger stream is full; nothing was stored
)

// Service is the name of the schedulers' micro service, shown by `nats micro ls`.
func (n Names) Service() string { return string(n) + "-schedule" }

// Endpoint is the subject of one of the micro service's endpoints.
func (n Names) Endpoint(name string) string { return string(n) + ".schedule." + name }

// NodePing says that a scheduler is there.
type NodePing struct {
	Node   string `json:"node"`
	Ready  bool   `json:"ready"`
	Reason string `json:"reason,omitempty"` // why it is not ready
}

// NodeState is what a scheduler knows of itself.
type NodeState struct {
	NodePing
	Started     time.Time     `json:"started"`
	Nodes       []string      `json:"nodes"` // schedulers that it takes for alive
	Partitions  int           `json:"partitions"`
	Owned       []OwnedCursor `json:"owned"`
	Schedules   int           `json:"schedules"`    // in all partitions
	ClockOffset Duration      `json:"clock_offset"` // of the server ahead of the node
}

// OwnedCursor is a partition that a scheduler publishes for.
type OwnedCursor struct {
	Partition int       `json:"partition"`
	Due       time.Time `json:"due"` // everything due up to here is published
}

// PreviewRequest asks for the next times of a job that need not be stored.
type PreviewRequest struct {
	Job    Job       `json:"job"`             // Option may be absent
	After  time.Time `json:"after,omitzero"`  // zero: now
	Anchor time.Time `json:"anchor,omitzero"` // for "@every"; zero: After
	Count  int       `json:"count,omitempty"` // zero: 5; at most MaxPreview
}

// MaxPreview is how many times a preview returns at most.
const MaxPreview = 1000

// Preview is the answer to a PreviewRequest: fewer times than asked for when
// the job ends.
type Preview struct {
	Times []PreviewTime `json:"times"`
}

// PreviewTime is a nominal time. Shift is "gap" where daylight saving time
// leaves the wall time out and the job runs right after, "first" or "second"
// where it occurs twice; empty otherwise.
type PreviewTime struct {
	Time  time.Time `json:"time"`
	Shift string    `json:"shift,omitempty"`
}

// RunRequest asks for jobs of a stored schedule to be run at once, by their
// options and policies. Its times, bounds and a pause do not matter.
type RunRequest struct {
	Key   string `json:"key"`
	Index *int   `json:"index,omitempty"` // of the job; absent: all jobs

	// Request names the request, in up to MaxIDLength characters: one of the same
	// name within two minutes runs nothing again. Empty: it has no name, and asking
	// again runs the jobs again.
	Request string `json:"request,omitempty"`
}

// RunAnswer names the occurrences that were stored.
type RunAnswer struct {
	Runs []RunID `json:"runs"`
}

// RunID is the occurrence of one job. It is due when it is scheduled: at once.
type RunID struct {
	Index     int       `json:"index"`
	ID        string    `json:"id"`
	Scheduled time.Time `json:"scheduled"`
}

// DeadFilter chooses dead letters. The zero value chooses all.
type DeadFilter struct {
	Since      time.Time `json:"since,omitzero"`        // stored at or after
	Until      time.Time `json:"until,omitzero"`        // stored at or before
	Outcome    string    `json:"outcome,omitempty"`     // of the final record
	ErrorClass string    `json:"error_class,omitempty"` // of the last attempt
}

// Match reports whether the filter chooses a letter that was stored at a time.
func (f *DeadFilter) Match(d *Dead, stored time.Time) bool {
	return (f.Since.IsZero() || !stored.Before(f.Since)) &&
		(f.Until.IsZero() || !stored.After(f.Until)) &&
		(f.Outcome == "" || f.Outcome == d.Outcome) &&
		(f.ErrorClass == "" || f.ErrorClass == d.ErrorClass)
}

// ResendRequest asks for dead letters to be sent again: those with the sequences
// in their stream that it names, or, with All, those that the filter chooses.
type ResendRequest struct {
	Key       string   `json:"key,omitempty"` // only letters of this schedule; empty: of any
	Sequences []uint64 `json:"sequences,omitempty"`
	All       bool     `json:"all,omitempty"`
	DeadFilter

	// From and To leave out letters with smaller and greater sequences. They are
	// for going on where the answer to the same request ended. To 0: those that
	// are there when it comes.
	From uint64 `json:"from,omitempty"`
	To   uint64 `json:"to,omitempty"`
}

// MaxResend is how many sequences a ResendRequest may name.
const MaxResend = 1000

// ResendAnswer tells of every letter that was looked at.
type ResendAnswer struct {
	Sent   []Resent       `json:"sent"`
	Failed []ResendFailed `json:"failed,omitempty"`

	// Next is set when the answer had to end before all letters were looked at:
	// ask again with it in From, and with To.
	Next uint64 `json:"next,omitempty"`
	To   uint64 `json:"to,omitempty"`
}

// Resent is a dead letter that was sent again, and is none any more.
type Resent struct {
	Sequence uint64 `json:"sequence"`
	Key      string `json:"key"`
	Dead     string `json:"dead"` // ID of the occurrence that had died
	ID       string `json:"id"`   // of the one that repeats it
}

// ResendFailed is a dead letter that was not sent again. Code is one of the
// Code constants. After CodeFull and CodeUnavailable no further letters are
// looked at.
type ResendFailed struct {
	Sequence uint64 `json:"sequence"`
	Key      string `json:"key,omitempty"`
	Code     string `json:"code"`
	Error    string `json:"error"`
}
