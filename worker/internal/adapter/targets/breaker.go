package targets

import (
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

const (
	failures      = 10               // consecutive ones that open a breaker
	openFor       = 10 * time.Second // until a probe is let through
	probePatience = 15 * time.Second // with a probe, until the next one
	probeWait     = time.Second      // the shortest wait for a probe
)

// What a breaker is told of calls that did not succeed.
var (
	errFailed   = errors.New("the target failed")
	errNotAsked = errors.New("the target was not asked, or not to the end")
)

// breaker bars calls from a target that fails. It adds to gobreaker when the
// open state ends, and a probe that may be passed over.
type breaker struct {
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	until   time.Time // the open state ends
	probe   *place    // under way while half-open
	paused  time.Time // until then the target wants no calls
}

// init makes a breaker that is closed, and stays so unless opens is set. changed
// is called when it opens and when it closes.
func (b *breaker) init(opens bool, changed func(open bool)) {
	b.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1, // probes
		Timeout:     openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return opens && c.ConsecutiveFailures >= failures },
		IsExcluded:  func(err error) bool { return errors.Is(err, errNotAsked) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch to {
			case gobreaker.StateClosed:
				changed(false)
			case gobreaker.StateOpen:
				b.until = time.Now().Add(openFor)
				if from == gobreaker.StateClosed {
					changed(true)
				}
			}
		},
	})
}

// barred says for how long no call may be made, 0 when one may.
func (b *breaker) barred(now time.Time) time.Duration {
	if rest := b.paused.Sub(now); rest > 0 {
		return rest
	}
	switch b.circuit.State() {
	case gobreaker.StateOpen:
		return max(b.until.Sub(now), minAgain)
	case gobreaker.StateHalfOpen:
		return b.probing(now)
	default:
		return 0
	}
}

// probing says how long the probe is expected to take, 0 when another may be
// made.
func (b *breaker) probing(now time.Time) time.Duration {
	if b.probe == nil {
		return 0
	}
	age := now.Sub(b.probe.since)
	if age < probePatience {
		return max(age, probeWait)
	}
	b.probe.report(errNotAsked)
	b.probe.report = nil
	b.probe = nil
	return 0
}

// admit counts a call in; barred has just said 0.
func (b *breaker) admit(p *place) {
	report, err := b.circuit.Allow()
	if err != nil {
		return // cannot be: what is not barred is allowed
	}
	p.report = report
	if b.circuit.State() == gobreaker.StateHalfOpen {
		b.probe = p
	}
}

// ended counts a call out.
func (b *breaker) ended(p *place, a core.Answer, now time.Time) {
	if b.probe == p {
		b.probe = nil
	}
	if p.report != nil {
		p.report(meaning(a))
	}
	if a.Verdict == core.Temporary && a.RetryAfter > 0 {
		if until := now.Add(min(a.RetryAfter, core.MaxBackoff)); until.After(b.paused) {
			b.paused = until
		}
	}
}

// meaning is what an answer says about the target.
func meaning(a core.Answer) error {
	switch {
	case a.Class == contract.ErrorStopped, a.Verdict == core.Permanent && a.Status == 0:
		return errNotAsked
	case a.Verdict == core.Temporary:
		return errFailed
	}
	return nil
}
