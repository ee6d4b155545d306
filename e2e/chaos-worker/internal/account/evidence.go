package account

import (
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Demand is an occurrence that a schedule asked for.
type Demand struct {
	ID      string
	Key     string
	Nominal time.Time
	Due     time.Time
	Index   int
	Job     contract.Job // its policies
}

// Call is a callback as its target saw it.
type Call struct {
	ID      string // webhook-id
	Attempt int
	Worker  string // that made it
	Arrived time.Time
	Left    time.Time // when the target answered, or gave up
	Status  int       // that it answered; 0: none
	Open    bool      // it also said that it will report the end
}

func (c *Call) accepted() bool { return c.Status >= 200 && c.Status <= 299 }

// permanent: RFC 9110 has 408, 425 and 429 for failures that may pass.
func (c *Call) permanent() bool {
	return c.Status >= 300 && c.Status <= 499 && c.Status != 408 && c.Status != 425 && c.Status != 429
}

// Report is one try of a target to report the end of what it had left open. One
// that is neither taken nor refused was put off, or its answer is not known.
type Report struct {
	ID       string
	Failed   bool // that it says so; otherwise success
	Sent     time.Time
	Answered time.Time
	Taken    bool
	Refused  bool // for good: nothing waits for it
}

func (r *Report) outcome() string {
	if r.Failed {
		return contract.OutcomeFailed
	}
	return contract.OutcomeSuccess
}

// Record is a result with the server's timestamp of it.
type Record struct {
	contract.Result

	Stored time.Time
}

// Harm is a time during which a worker was stalled; a kill takes no time.
type Harm struct {
	Worker   string // empty: a server was killed or stalled
	From, To time.Time
}

const servers = "" // as the worker of a Harm

// Evidence is all that is known when a trial has ended.
type Evidence struct {
	Demands []Demand
	Calls   []Call
	Reports []Report
	Records []Record
	Dead    []contract.Dead
	Harms   []Harm
	// Triggers are the IDs of those that were seen in the stream, each as often
	// as it was. An observer may miss some.
	Triggers []string
	// AckWait is how long the work of a worker that died is left to it.
	AckWait time.Duration
}

// Kinds of a Finding.
const (
	Missing     = "missing"     // no final record
	Double      = "double"      // more than one, or more than one dead letter, or more than one report was taken
	Foreign     = "foreign"     // belongs to no demand
	Uncalled    = "uncalled"    // ended as if it had been called
	Unproven    = "unproven"    // the outcome is not borne out
	Overlapping = "overlapping" // two occurrences of a job at once
	Interleaved = "interleaved" // called again after the next one had begun
	Disordered  = "disordered"  // begun before one that was due earlier
	Twice       = "twice"       // stored twice in the stream of triggers
	Recalled    = "recalled"    // called although the log held its end, or that it waits for it
)

// Finding is something that must not be.
type Finding struct {
	Kind string
	ID   string
	Key  string
	Due  time.Time
	Text string
	// Other is the ID of another occurrence that has a part in it, if any.
	Other string
}

func (f Finding) String() string {
	return f.Kind + ": " + f.Key + " due " + f.Due.UTC().Format(time.RFC3339Nano) + " (" + f.ID + "): " + f.Text
}

// Verdict is what the evidence amounts to.
type Verdict struct {
	Findings []Finding
	Demanded int
	Seen     int            // triggers
	Missed   int            // in the ranges of missed records
	Outcomes map[string]int // of final records

	Calls    int
	Called   int // occurrences
	Accepted int // occurrences that a target answered with 2xx
	Retries  int // calls after others, none of which was accepted
	Repeats  int // calls after one that was accepted
	Needless int // those of them whose worker before was not harmed
	Recalled int // calls after the final record was stored
	Ignored  int // occurrences that were accepted, not to be reported, and did not end with success

	Opened  int // occurrences that a target accepted and was to report
	Reports int // tries
	Taken   int
	Refused int

	First     []time.Duration // from due to the first call
	Abandoned []time.Duration // from the death of a worker in mid-call to the next call
	HandedOn  []time.Duration // from the end of a call that was cut off since its worker stopped to the next call
}

// Count returns how many findings are of a kind.
func (v *Verdict) Count(kind string) int {
	n := 0
	for _, f := range v.Findings {
		if f.Kind == kind {
			n++
		}
	}
	return n
}
