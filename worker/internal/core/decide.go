package core

import (
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Bounds of the wait between two attempts.
const (
	MinBackoff   = time.Second            // the longest wait after the first attempt
	MaxBackoff   = 5 * time.Minute        // the longest wait after any, also when the target asks for more
	backoffFloor = 100 * time.Millisecond // the shortest wait
	lastDoubled  = 9                      // after more attempts than these the wait is MaxBackoff
)

// Decision is what follows from an answer.
type Decision struct {
	Outcome string        // contract.Outcome… of the attempt
	Final   bool          // the occurrence has ended
	Delay   time.Duration // until the next attempt, when it has not
}

// Decide says what an answer to the attempt of that number (from 1) means, when
// there are at most limit of them. fraction, in [0,1), is the chance in the
// backoff.
func Decide(a Answer, attempt, limit int, fraction float64) Decision {
	switch a.Verdict {
	case Success:
		return Decision{Outcome: contract.OutcomeSuccess, Final: true}
	case Permanent:
		return Decision{Outcome: contract.OutcomeFailed, Final: true}
	case Temporary:
	}
	switch {
	case a.Class == contract.ErrorStopped:
		return Decision{Outcome: contract.OutcomeRetry} // the target did nothing wrong
	case attempt >= limit:
		return Decision{Outcome: contract.OutcomeDead, Final: true}
	}
	delay := max(Backoff(attempt, fraction), min(a.RetryAfter, MaxBackoff))
	return Decision{Outcome: contract.OutcomeRetry, Delay: delay}
}

// Backoff is the wait after the attempt of that number: exponential with full
// jitter, that is, anything up to MinBackoff doubled with every attempt, and
// up to MaxBackoff in the end.
func Backoff(attempt int, fraction float64) time.Duration {
	limit := MaxBackoff
	if attempt = max(attempt, 1); attempt <= lastDoubled {
		limit = MinBackoff << (attempt - 1)
	}
	return max(time.Duration(fraction*float64(limit)), backoffFloor)
}
