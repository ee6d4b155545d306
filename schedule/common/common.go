// Package common is the vocabulary of schedules: jobs, their options and their
// state. The types are those of the wire contract, so that a job read by one
// program can be stored by another.
package common

import "github.com/weplanx/workflow/shared/contract"

// Job is what to do and when. Make one with [HttpJob] or [NatsJob].
type Job = contract.Job

// HttpOption are the settings of a job of mode HTTP.
type HttpOption = contract.HttpOption //nolint:revive // the documents' API names it so

// NatsOption are the settings of a job of mode NATS.
type NatsOption = contract.NatsOption

// State tells when a job fires next and when it last fired. It is filled when
// a schedule is read and ignored when one is stored.
type State = contract.State

// Duration is a time.Duration that is written as "1m30s" in JSON.
type Duration = contract.Duration

// DST says what happens to times that daylight saving time leaves out or
// repeats. The zero value is the default.
type DST = contract.DST

// Policies of DST.
const (
	GapAfter  = contract.GapAfter
	GapSkip   = contract.GapSkip
	FoldFirst = contract.FoldFirst
	FoldBoth  = contract.FoldBoth
)

// Misfire says what happens to occurrences that are late by more than 30 s,
// after an outage. The zero value is the default: the latest one is run.
type Misfire = contract.Misfire

// Misfire policies and their bounds.
const (
	MisfireOnce = contract.MisfireOnce
	MisfireAll  = contract.MisfireAll
	MisfireSkip = contract.MisfireSkip

	DefaultMisfireLimit  = contract.DefaultMisfireLimit
	MaxMisfireLimit      = contract.MaxMisfireLimit
	DefaultMisfireWindow = contract.DefaultMisfireWindow
)

// MaxJitter is the largest jitter a job may have.
const MaxJitter = contract.MaxJitter

// PreviewTime is a nominal time of a job that lies ahead.
type PreviewTime = contract.PreviewTime

// NodeState is what a scheduler tells of itself.
type NodeState = contract.NodeState

// Result is a record of the log stream: an attempt, the end of an occurrence,
// or occurrences that were not run.
type Result = contract.Result

// Kinds of a Result.
const (
	KindAttempt  = contract.KindAttempt
	KindFinal    = contract.KindFinal
	KindMissed   = contract.KindMissed
	KindBadEntry = contract.KindBadEntry
)

// Outcomes of a Result and of a Dead.
const (
	OutcomeSuccess = contract.OutcomeSuccess
	OutcomeRetry   = contract.OutcomeRetry // another attempt follows
	OutcomeFailed  = contract.OutcomeFailed
	OutcomeDead    = contract.OutcomeDead // no attempt was left
	OutcomeExpired = contract.OutcomeExpired
	OutcomeSkipped = contract.OutcomeSkipped
	OutcomeLost    = contract.OutcomeLost
	OutcomeMissed  = contract.OutcomeMissed
)

// Dead is a dead letter: what is left of an occurrence that ended without
// success.
type Dead = contract.Dead

// RunID names the occurrence of a job that was run by hand.
type RunID = contract.RunID

// Resent tells that a dead letter was sent again.
type Resent = contract.Resent

// Modes of jobs made by [HttpJob] and [NatsJob].
const (
	ModeHTTP = contract.ModeHTTP
	ModeNATS = contract.ModeNATS
)

// DefaultTimeout limits an attempt of a job that sets no timeout, and
// MaxTimeout is the longest that a job may set.
const (
	DefaultTimeout = contract.DefaultTimeout
	MaxTimeout     = contract.MaxTimeout
)

// Overlap policies: what happens to an occurrence while an earlier one of the
// same job runs. OverlapAllow is the default.
const (
	OverlapAllow = contract.OverlapAllow // both run
	OverlapSkip  = contract.OverlapSkip  // it is recorded as skipped
	OverlapQueue = contract.OverlapQueue // it runs afterwards
)

// How often an occurrence is tried, how long after it was due it may start, and
// how long a target may take that reports the end later: what applies to a job
// that does not say, and the most that it may say.
const (
	DefaultAttempts   = contract.DefaultAttempts
	MaxAttempts       = contract.MaxAttempts
	DefaultDeadline   = contract.DefaultDeadline
	MaxDeadline       = contract.MaxDeadline
	DefaultCompletion = contract.DefaultCompletion
	MaxCompletion     = contract.MaxCompletion
)

// HttpJob makes a job that calls option.Url at the times spec names: a cron
// expression of 5 or 6 fields, "@hourly" and the like, "@every 15s", or
// "@at 2026-12-24T18:00:00+01:00". Nothing is checked before the job is
// stored; a body that JSON cannot express is reported then.
func HttpJob(spec string, option HttpOption) Job { //nolint:revive // the documents' API names it so
	return contract.HttpJob(spec, option)
}

// NatsJob makes a job that publishes a message at the times spec names, to
// option.Subject below {namespace}.jobs. With option.Request it waits for a reply
// and records it; without, the message is delivered when the server has it, no
// matter who listens. Nothing is checked before the job is stored; a body that
// JSON cannot express is reported then.
func NatsJob(spec string, option NatsOption) Job {
	return contract.NatsJob(spec, option)
}
