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

// Result is a record of the log stream: an attempt, the end of an occurrence,
// or occurrences that were not run.
type Result = contract.Result

// ModeHTTP is the mode of jobs made by [HttpJob].
const ModeHTTP = contract.ModeHTTP

// DefaultTimeout limits an attempt of a job that sets no timeout.
const DefaultTimeout = contract.DefaultTimeout

// HttpJob makes a job that calls option.Url at the times spec names: a cron
// expression of 5 or 6 fields, "@hourly" and the like, "@every 15s", or
// "@at 2026-12-24T18:00:00+01:00". Nothing is checked before the job is
// stored; a body that JSON cannot express is reported then.
func HttpJob(spec string, option HttpOption) Job { //nolint:revive // the documents' API names it so
	return contract.HttpJob(spec, option)
}
