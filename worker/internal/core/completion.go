package core

import (
	"strings"
	"time"
	"unicode"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	// keptFor is how long a completion is remembered after its deadline, and its end
	// until the trigger comes again: for as long as no worker may run. doneFor is how
	// long the end is remembered after that at least, for reports, and in any case until
	// the deadline: a server that is killed may bring back that it was open, see job.Kept.
	keptFor = 7 * 24 * time.Hour
	doneFor = 10 * time.Minute
	// maxReport is how many bytes of a target's text are kept.
	maxReport = 500
)

// completion is the state of an occurrence whose target has accepted an attempt
// and will report the end: absent → open → closed → done. Closing it decides how
// the occurrence ends, and once; the final record follows from what is stored, so
// that anyone can write it. Its methods are pure.
type completion struct {
	Trigger  contract.Trigger `json:"trigger,omitzero"`
	Attempt  contract.Result  `json:"attempt,omitzero"` // the one that was accepted
	Token    string           `json:"token"`            // its digest
	Deadline time.Time        `json:"deadline"`

	Outcome string    `json:"outcome,omitempty"` // empty: open
	Class   string    `json:"class,omitempty"`
	Error   string    `json:"error,omitempty"`
	Closed  time.Time `json:"closed,omitzero"`
	By      string    `json:"by,omitempty"` // who closed it; a new name each time
	Done    bool      `json:"done,omitempty"`
}

// openName is the name of an occurrence's state.
func openName(occurrence string) string { return "open." + occurrence }

// opened is the state after an attempt was accepted.
func opened(t contract.Trigger, attempt contract.Result, token string) completion {
	limit := contract.DefaultCompletion
	if t.Completion > 0 {
		limit = time.Duration(t.Completion)
	}
	return completion{Trigger: t, Attempt: attempt, Token: digest(token), Deadline: attempt.Finished.Add(limit)}
}

// absent: nothing is stored.
func (c completion) absent() bool { return c.Token == "" }

// takes reports whether the holder of the token may close it now.
func (c completion) takes(token string, now time.Time) bool {
	return c.Outcome == "" && same(c.Token, digest(token)) && now.Before(c.Deadline)
}

// reported closes it as the target says.
func (c completion) reported(r contract.Completed, by string, now time.Time) completion {
	c.Outcome, c.Closed, c.By = contract.OutcomeSuccess, now.UTC(), by
	if r.Outcome == contract.OutcomeFailed {
		c.Outcome, c.Class, c.Error = contract.OutcomeFailed, contract.ErrorTarget, clean(r.Error)
	}
	return c
}

// lost closes it because its time has passed.
func (c completion) lost(now time.Time) completion {
	c.Outcome, c.Class, c.Closed = contract.OutcomeLost, contract.ErrorLost, now.UTC()
	c.Error = "no completion was reported within " + c.Deadline.Sub(c.Attempt.Finished).String()
	return c
}

// done is what remains of it after the final record: enough to refuse reports, and
// to know that the trigger has only to be acknowledged.
func (c completion) done() completion {
	return completion{Token: c.Token, Deadline: c.Deadline, Outcome: c.Outcome, Done: true}
}

// ttl is how long it is to be remembered.
func (c completion) ttl(now time.Time) time.Duration {
	if c.Outcome != "" {
		return keptFor
	}
	return max(c.Deadline.Sub(now), 0) + keptFor
}

// final is the final record of one that is closed.
func (c completion) final(worker string) contract.Result {
	r := concluded(c.Attempt)
	r.Outcome, r.ErrorClass, r.Error, r.Reason = c.Outcome, c.Class, c.Error, ""
	r.Finished, r.Worker = c.Closed, worker
	return r
}

// clean is what of a target's text goes into records.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text[:min(len(text), maxReport)])
	if text = strings.TrimSpace(text); text == "" {
		return "the target reported a failure"
	}
	return text
}
