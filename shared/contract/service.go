package contract

import "time"

// Endpoints of the schedulers' NATS micro service (ADR-32), below the subject
// {namespace}.schedule. Requests and answers are JSON; an error is reported in
// the headers Nats-Service-Error and Nats-Service-Error-Code, as the ADR says.
const (
	EndpointPing    = "ping"    // every scheduler answers with NodePing
	EndpointState   = "state"   // every scheduler answers with NodeState
	EndpointPreview = "preview" // one scheduler answers a PreviewRequest with a Preview
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
