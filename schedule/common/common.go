// Package common is the vocabulary of schedules: jobs, their options and their
// state. The types are those of the wire contract, so that a job read by one
// program can be stored by another.
package common

import "github.com/weplanx/workflow/shared/contract"

// Job is what to do and when. Make one with [HttpJob].
type Job = contract.Job

// HttpOption are the settings of a job of mode HTTP.
type HttpOption = contract.HttpOption //nolint:revive // the documents' API names it so

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

// ModeHTTP is the mode of jobs made by [HttpJob].
const ModeHTTP = contract.ModeHTTP

// DefaultTimeout limits an attempt of a job that sets no timeout, and
// MaxTimeout is the longest that a job may set.
const (
	DefaultTimeout = contract.DefaultTimeout
	MaxTimeout     = contract.MaxTimeout
)

// HttpJob makes a job that calls option.Url at the times spec names: a cron
// expression of 5 or 6 fields, "@hourly" and the like, "@every 15s", or
// "@at 2026-12-24T18:00:00+01:00". Nothing is checked before the job is
// stored; a body that JSON cannot express is reported then.
func HttpJob(spec string, option HttpOption) Job { //nolint:revive // the documents' API names it so
	return contract.HttpJob(spec, option)
}
