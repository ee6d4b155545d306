package contract

import (
	"encoding/json"
	"time"
)

// Schedule is the value stored under a key in the namespace's bucket.
type Schedule struct {
	V    int   `json:"v"`
	Jobs []Job `json:"jobs"`

	// Paused stops all jobs of the schedule until it is resumed. What would
	// have fired meanwhile is not made up.
	Paused bool `json:"paused,omitempty"`

	// Anchor is when the jobs were set, kept by operations that rewrite the
	// value without changing the jobs (pause, resume), so that "@every" keeps
	// its instants. Zero: the timestamp of this revision.
	Anchor time.Time `json:"anchor,omitzero"`

	// Gaps are the times during which the schedule was paused, oldest first.
	Gaps []Gap `json:"gaps,omitempty"`
}

// MaxGaps is how many gaps a schedule remembers; the oldest are dropped.
const MaxGaps = 32

// Gap is a time during which a schedule was paused: From and To are the
// timestamps of the revisions that paused and resumed it. A zero To means the
// revision that holds the gap.
type Gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// AnchorOr returns the instant "@every" counts from: Anchor, or stored, the
// revision's timestamp, when there is none.
func (s *Schedule) AnchorOr(stored time.Time) time.Time {
	if s.Anchor.IsZero() {
		return stored
	}
	return s.Anchor
}

// Job is what to do and when.
type Job struct {
	// Mode says how the job is run: "HTTP" or "NATS".
	Mode string `json:"mode"`

	// Spec says when: a cron expression of 5 or 6 fields, "@hourly" and the
	// like, "@every 15s", or "@at 2026-12-24T18:00:00+01:00".
	Spec string `json:"spec"`

	// Timezone is the IANA zone in which Spec is read. Empty: UTC, unless Spec
	// itself begins with "TZ=" or "CRON_TZ=".
	Timezone string `json:"timezone,omitempty"`

	// Start and End bound the nominal times of the job, both included. Zero:
	// no bound.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`

	// Jitter delays every occurrence by a time from zero to Jitter that depends
	// on the occurrence alone, so that jobs of the same spec do not all run at
	// once. An occurrence is never delayed past the job's next nominal time.
	// Zero: none; at most MaxJitter.
	Jitter Duration `json:"jitter,omitzero"`

	// DST says what happens to times that daylight saving time leaves out or
	// repeats. The zero value is the default.
	DST DST `json:"dst,omitzero"`

	// Misfire says what happens to occurrences that are late by more than 30 s,
	// after an outage. The zero value is the default.
	Misfire Misfire `json:"misfire,omitzero"`

	// Timeout limits one attempt. Zero: 10 s.
	Timeout Duration `json:"timeout,omitzero"`

	// Attempts is how often an occurrence is tried before it is a dead letter.
	// Zero: DefaultAttempts; at most MaxAttempts.
	Attempts int `json:"attempts,omitempty"`

	// Deadline is how long after it was due an occurrence may be started. One
	// that is older then is recorded as expired. Zero: DefaultDeadline; at most
	// MaxDeadline.
	Deadline Duration `json:"deadline,omitzero"`

	// Overlap says what happens to an occurrence while an earlier one of the
	// same job runs, its retries and its completion included: "allow" runs both,
	// "skip" records it as skipped, "queue" runs it afterwards, in order of due
	// time. Empty: "allow".
	Overlap string `json:"overlap,omitempty"`

	// Completion is how long a target may take that answered that it will
	// report the end later (202 with "schedule-complete: callback"); then the
	// occurrence is lost. Zero: DefaultCompletion; at most MaxCompletion.
	Completion Duration `json:"completion,omitzero"`

	// Option holds the settings of Mode, as JSON. [HttpJob] and [NatsJob] fill
	// it, [Job.HTTP] and [Job.NATS] read it.
	Option json.RawMessage `json:"option"`

	// State is filled when a schedule is read and never stored.
	State State `json:"state,omitzero"`

	optionErr error // why HttpJob could not encode its option
}

// DST is a job's policy for the moves of its time zone's clock.
type DST struct {
	// Gap is for times that are left out when the clock jumps ahead: "after"
	// runs right after the gap, "skip" does not run. Empty: "after" for fixed
	// times; specs with a wildcard minute or hour follow the clock, "skip".
	Gap string `json:"gap,omitempty"`
	// Fold is for times that occur twice when the clock falls back: "first"
	// runs the first time, "both" each time. Empty: "first" for fixed times;
	// specs with a wildcard minute or hour follow the clock, "both".
	Fold string `json:"fold,omitempty"`
}

// Policies of DST.
const (
	GapAfter  = "after"
	GapSkip   = "skip"
	FoldFirst = "first"
	FoldBoth  = "both"
)

// Misfire is a job's policy for occurrences that are late by more than 30 s.
// Whatever is not run leaves a record of kind missed.
type Misfire struct {
	// Policy is "once" (the latest one is run), "all" (the latest Limit of
	// them within Window are run) or "skip" (none is). Empty: "once".
	Policy string `json:"policy,omitempty"`
	// Limit is for "all": from 1 to MaxMisfireLimit. Zero: DefaultMisfireLimit.
	Limit int `json:"limit,omitempty"`
	// Window is for "all": how old the oldest may be when the catch-up begins.
	// Zero: DefaultMisfireWindow.
	Window Duration `json:"window,omitzero"`
}

// Misfire policies and their bounds.
const (
	MisfireOnce = "once"
	MisfireAll  = "all"
	MisfireSkip = "skip"

	DefaultMisfireLimit  = 100
	MaxMisfireLimit      = 400
	DefaultMisfireWindow = 24 * time.Hour
)

// MaxJitter is the largest jitter a job may have.
const MaxJitter = 24 * time.Hour

// DefaultTimeout limits an attempt of a job that sets no timeout.
const DefaultTimeout = 10 * time.Second

// MaxTimeout is the longest timeout a job may have.
const MaxTimeout = 15 * time.Minute

// Overlap policies.
const (
	OverlapAllow = "allow"
	OverlapSkip  = "skip"
	OverlapQueue = "queue"
)

// Defaults and bounds of what limits the run of an occurrence.
const (
	DefaultAttempts   = 5
	MaxAttempts       = 100
	DefaultDeadline   = time.Hour
	MaxDeadline       = 30 * 24 * time.Hour
	DefaultCompletion = time.Hour
	MaxCompletion     = 7 * 24 * time.Hour
)

// State tells where a job stands.
type State struct {
	// Next is when the job fires next, UTC. Zero: never, or it is paused.
	Next time.Time `json:"next,omitzero"`
	// Prev is when the job last fired (its nominal time), UTC. Zero: not yet.
	Prev time.Time `json:"prev,omitzero"`
}

// HttpOption are the settings of a job of mode HTTP.
type HttpOption struct { //nolint:revive // the documents' API names it so
	// Method is the request's method. Empty: POST.
	Method string `json:"method,omitempty"`
	// Url is where the callback goes: http or https, with a host.
	Url string `json:"url"` //nolint:revive // the documents' API names it so
	// Headers are sent as given.
	Headers map[string]string `json:"headers,omitempty"`
	// Body is sent as JSON. Nil: no body.
	Body any `json:"body,omitempty"`
	// Accept are the statuses that are a success, 200 to 599. Empty: 200 to 299.
	Accept []int `json:"accept,omitempty"`
	// NoExcerpt keeps the answer's body out of the log stream. Set it for targets
	// that answer with what they were sent or with secrets of their own: the
	// excerpt is what the target says, and the one place in logs and records
	// where a header or the body of a call could turn up.
	NoExcerpt bool `json:"no_excerpt,omitempty"`
}

// NatsOption are the settings of a job of mode NATS.
type NatsOption struct {
	// Subject is below {namespace}.jobs., which is put in front of it: made of
	// what a key may be made of.
	Subject string `json:"subject"`
	// Headers are sent as given.
	Headers map[string]string `json:"headers,omitempty"`
	// Body is sent as JSON. Nil: no body.
	Body any `json:"body,omitempty"`
	// Request waits for a reply, up to the job's timeout, and records it. Without
	// it a message counts as delivered when the server has it.
	Request bool `json:"request,omitempty"`
	// NoExcerpt keeps the reply out of the log stream.
	NoExcerpt bool `json:"no_excerpt,omitempty"`
}

// HttpJob makes a job that calls option.Url at the times spec names. A body
// that JSON cannot express is reported when the job is stored.
func HttpJob(spec string, option HttpOption) Job { //nolint:revive // the documents' API names it so
	raw, err := json.Marshal(option)
	return Job{Mode: ModeHTTP, Spec: spec, Option: raw, optionErr: err}
}

// NatsJob makes a job that publishes to option.Subject at the times spec names.
// A body that JSON cannot express is reported when the job is stored.
func NatsJob(spec string, option NatsOption) Job {
	raw, err := json.Marshal(option)
	return Job{Mode: ModeNATS, Spec: spec, Option: raw, optionErr: err}
}

// NATS returns the settings of a job of mode NATS.
func (j *Job) NATS() (NatsOption, error) {
	var o NatsOption
	if j.Mode != ModeNATS {
		return o, &FieldError{Field: "mode", Problem: "is " + quote(j.Mode) + ", want \"NATS\""}
	}
	if err := json.Unmarshal(j.Option, &o); err != nil {
		return o, &FieldError{Field: "option", Problem: jsonProblem(err)}
	}
	return o, nil
}

// HTTP returns the settings of a job of mode HTTP.
func (j *Job) HTTP() (HttpOption, error) {
	var o HttpOption
	if j.Mode != ModeHTTP {
		return o, &FieldError{Field: "mode", Problem: "is " + quote(j.Mode) + ", want \"HTTP\""}
	}
	if err := json.Unmarshal(j.Option, &o); err != nil {
		return o, &FieldError{Field: "option", Problem: jsonProblem(err)}
	}
	return o, nil
}
