package core

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Queue hands out triggers. Each stays in it until it is acknowledged, and is
// delivered again when that does not happen in time.
type Queue interface {
	// Receive asks for up to limit (at least 1) deliveries and calls sink, from
	// one goroutine, for each as it comes. It returns nil when they have come,
	// when ctx has ended, or after some seconds in which fewer came; it is
	// called again then. An error means that the queue cannot be asked now; the
	// caller waits and calls again, so Receive does not retry by itself.
	//
	// When ctx ends Receive withdraws what it asked for and passes on what had
	// been sent already: after it has returned no delivery is on its way. It
	// must not be called concurrently.
	Receive(ctx context.Context, limit int, sink func(Delivery)) error
}

// Delivery is one hand-over of a trigger.
type Delivery struct {
	Data     []byte    // as stored; whatever a publisher put there
	Key      string    // the schedule's, from where the trigger was stored
	Sequence uint64    // of the trigger in the queue
	Stored   time.Time // when the queue stored it, by its clock
	Count    int       // deliveries of this trigger so far, from 1
	Handle   Handle
}

// Handle settles one delivery. Methods are safe for concurrent use and do not
// wait for an answer; an error means that the queue has not been told, and that
// it will deliver the trigger again. After Ack or Retry the others must not be
// used.
type Handle interface {
	// Ack removes the trigger from the queue.
	Ack() error
	// Retry has the trigger delivered again after delay, to any worker. Zero or
	// less is at once.
	Retry(delay time.Duration) error
	// Extend starts the time the queue waits for this delivery anew.
	Extend() error
}

// ResultLog is the log stream. Methods are safe for concurrent use, block until
// the log has answered or ctx ends, and do not retry.
type ResultLog interface {
	// Append stores records durably, in their order, before it returns nil; many
	// at once cost less than one by one. One whose name ([RecordID]) was stored a short while ago is dropped,
	// without an error. The slice is not kept. After an error any of them may have been stored; who
	// appends them again may find an earlier one behind a later one then.
	Append(ctx context.Context, records ...contract.Result) error
	// Progress says how far the occurrence has come, by the IDs of its records
	// ([Counts]), all of them that any Append has stored before. Those from before
	// since may be left out; it bounds the search.
	Progress(ctx context.Context, key, occurrence string, since time.Time) (Progress, error)
}

// Progress is what the log holds of an occurrence.
type Progress struct {
	Ended bool            // it has a final record, or was missed; Last need not be filled then
	Last  contract.Result // its attempt of the highest number; zero: there is none
}

// DeadLetters keep the triggers that ended without success. Methods are safe
// for concurrent use, block until the letter is kept or ctx ends, and do not
// retry.
type DeadLetters interface {
	// Put keeps a letter durably before it returns nil. A second one of the same
	// occurrence that follows shortly is dropped, without an error.
	Put(ctx context.Context, letter contract.Dead) error
}

// States are small values that outlive a worker for a while and that workers
// change one after the other. A name is made of characters of a key. Methods are
// safe for concurrent use, block until the store has answered or ctx ends, and
// do not retry. After an error other than ErrConflict it is not known whether
// the change was made, or will yet be made: who loads the state again and goes on
// from its revision is safe from that.
type States interface {
	// Load returns the state as it was last stored. The zero State: there is
	// none, or it has expired. A deleted one has no data but may have a revision.
	Load(ctx context.Context, name string) (State, error)
	// Store replaces the state of that revision (0: there is none) and returns
	// the new one's. It is ErrConflict when the revision is another. The state
	// expires after ttl, a second later at most; zero: never. data is not empty.
	Store(ctx context.Context, name string, data []byte, revision uint64, ttl time.Duration) (uint64, error)
	// Delete removes the state of that revision, or is ErrConflict.
	Delete(ctx context.Context, name string, revision uint64) error
}

// State is a state as it was stored.
type State struct {
	Data     []byte
	Revision uint64
}

// ErrConflict is returned for a change of a state that is no longer what it was.
var ErrConflict = errors.New("the state was changed meanwhile")

// Executor makes calls of one mode.
type Executor interface {
	// Execute makes one attempt and says how it went. It is called concurrently,
	// returns soon after ctx has ended, and never retries: that goes through the
	// queue. It keeps nothing of the call.
	Execute(ctx context.Context, call Call) Answer
	// Plan reads an option before its call is made. It does no I/O and does not
	// fail: what is wrong with an option is Execute's to say.
	Plan(option json.RawMessage) Plan
}

// Plan is what a call will need.
type Plan struct {
	// Target names what the call burdens: for HTTP the host and port, in lower
	// case. Calls of the same target share its limits. Empty: no limits apply, or
	// the option cannot be read.
	Target string
	// Read is the option as its executor has read it, which Execute gets back.
	// Nil: it will read it itself.
	Read any
}

// Targets share out calls among the targets, so that one that hangs, fails or
// is slow leaves the others untouched. Methods are safe for concurrent use.
type Targets interface {
	// Enter asks for a place at target. It blocks while one is expected soon,
	// for about two seconds at most, and until ctx ends. It returns either done,
	// which the caller calls once with the answer when the call has ended, or,
	// when done is nil, after what time it is worth asking again; the call is
	// handed back until then. Zero: ctx has ended. The empty target is always
	// admitted. An answer of class contract.ErrorStopped tells nothing of the
	// target: the call was cut off, or not made after all.
	Enter(ctx context.Context, target string) (done func(Answer), again time.Duration)
}

// Executors are the executors by mode. A new mode is one more entry.
type Executors map[string]Executor

// Call is one attempt to be made.
type Call struct {
	ID        string // of the occurrence: the same on every attempt
	Key       string
	Index     int
	Mode      string
	Scheduled time.Time // nominal time
	Attempt   int       // from 1
	Option    json.RawMessage
	Plan      Plan // for the option; the zero Plan: there is none

	// WebhookID is what the target takes for the ID: that of the first occurrence
	// when a dead letter is sent again. Otherwise it is ID.
	WebhookID string
	// Token lets the target report a completion later. Empty: it cannot.
	Token string

	// Taken is when the worker got the trigger. Zero for an event.
	Taken time.Time
	// Attempts is how many there may be. 0 for an event, which is not tried again.
	Attempts int

	// Span is the attempt's in the trace of the occurrence, and Sampled says that
	// it is recorded; both are for the target. A zero Span: any.
	Span    contract.SpanID
	Sampled bool
}

// Verdict is what an answer means for the occurrence.
type Verdict int

// Verdicts. The zero value is the careful one.
const (
	Temporary Verdict = iota // trying again may help
	Permanent                // trying again cannot help
	Success
)

// Answer is how an attempt went.
type Answer struct {
	Verdict    Verdict
	Status     int           // of the mode's protocol; 0: none came
	Class      string        // contract.Error…; empty on success
	Error      string        // for people, free of secrets; empty on success
	RetryAfter time.Duration // what the target asked for; 0: nothing

	// Accepted: the target will report the completion later. The verdict is
	// Success then.
	Accepted bool

	Bytes   int64  // of the answer's body that were read
	Excerpt string // the body's beginning, at most contract.MaxExcerpt, valid UTF-8
	TraceID string // that the target was given
}

// EventSource delivers events: calls wanted at once, by anyone, kept by nobody.
type EventSource interface {
	// Receive calls sink, from one goroutine, for every event until ctx ends;
	// then it passes on what had been delivered already and returns nil. sink
	// may block; events that come meanwhile are kept up to a limit and lost
	// beyond it. An error means that events cannot be had now; the caller calls
	// again. It must not be called concurrently.
	Receive(ctx context.Context, sink func(Event)) error
}

// Event is an event as it was delivered.
type Event struct {
	Key  string // from where it was published; not checked
	Data []byte
	// Reply answers a publisher that asked for the final record. Nil: it did not.
	Reply func(contract.Result) error
}

// CompletionSource delivers the reports of targets that a long job has ended.
type CompletionSource interface {
	// Receive is like that of an EventSource. A report that is lost, or whose
	// reply is, can be repeated by the target.
	Receive(ctx context.Context, sink func(Completion)) error
}

// Completion is a report as it was delivered.
type Completion struct {
	Token string // from where it was published; not checked
	Data  []byte
	// Reply tells a target that asked for it whether the report was taken: nil,
	// or the error of Worker.Complete or of contract.DecodeCompleted. Nil: it did
	// not ask.
	Reply func(err error) error
}

// Clock is the time. Methods are safe for concurrent use.
type Clock interface {
	Now() time.Time
	// Sleep blocks for d, or until ctx ends, whose cause it then returns.
	Sleep(ctx context.Context, d time.Duration) error
}

// Random is the source of chance. Methods are safe for concurrent use.
type Random interface {
	// Fraction is at least 0 and less than 1.
	Fraction() float64
	// ID is 32 hexadecimal digits that will not occur again.
	ID() string
}

// Monitor is told what happens, for logs and metrics. Methods are safe for
// concurrent use and return at once; nothing depends on them.
type Monitor interface {
	// Started: an attempt is about to be made. Option may hold secrets.
	Started(call Call)
	// Recorded: a record has been stored.
	Recorded(record contract.Result)
	// Returned: a trigger was handed back to be delivered again after delay.
	Returned(id, key, reason string, delay time.Duration)
	// Trouble: something failed, and the worker goes on.
	Trouble(Trouble)
}

// Trouble is a failure that the worker lives with.
type Trouble struct {
	Doing string // for example "store record"
	ID    string // of the occurrence, when there is one
	Key   string
	Err   error
}

// ErrNotOpen is returned for a report of a completion that nobody waits for: its
// token is not one, or it was reported before, or its time has passed.
var ErrNotOpen = errors.New("no completion is waited for under this token")

// ErrStopped is the cause that ends a call which outlasts the grace period.
var ErrStopped = errors.New("the worker stopped during the call")
