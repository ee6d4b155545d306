package account

import (
	"cmp"
	"slices"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// tolerance is allowed between the clocks of those who write times down.
const tolerance = 250 * time.Millisecond

// ending judges how an occurrence ended.
func (b *book) ending(l *life) {
	if l.triggers > 1 {
		b.find(Twice, l, "seen %d times in the stream of triggers", l.triggers)
	}
	if l.missed {
		b.verdict.Missed++
		if len(l.finals) > 0 || len(l.calls) > 0 {
			b.find(Double, l, "recorded as missed, and has %d final records and %d calls", len(l.finals), len(l.calls))
		}
		return
	}
	switch len(l.finals) {
	case 0:
		b.find(Missing, l, "no final record; seen %d times in the stream of triggers, called %d times, %d attempts recorded",
			l.triggers, len(l.calls), len(l.attempts))
	case 1:
		b.verdict.Outcomes[l.finals[0].Outcome]++
		b.outcome(l, &l.finals[0])
		b.taken(l, &l.finals[0])
		b.meanwhile(l, l.finals[0].Stored)
		b.afterwards(l, l.finals[0].Stored)
	default:
		b.find(Double, l, "%d final records: %s and %s", len(l.finals), l.finals[0].Outcome, l.finals[1].Outcome)
	}
	b.deadLetters(l)
}

func (b *book) outcome(l *life, final *Record) {
	switch final.Outcome {
	case contract.OutcomeExpired:
		b.expired(l, final)
		return
	case contract.OutcomeSkipped:
		b.skipped(l, final)
		return
	}
	if len(l.calls) == 0 {
		b.find(Uncalled, l, "ended with %s (%s) and was never called", final.Outcome, final.Error)
		return
	}
	if final.Outcome == contract.OutcomeLost || l.leftOpen(final) {
		b.completion(l, final)
		return
	}
	switch final.Outcome {
	case contract.OutcomeSuccess:
		answered := func(c Call) bool { return c.Attempt == final.Attempt && c.accepted() && c.Status == final.Status }
		if !slices.ContainsFunc(l.calls, answered) {
			b.find(Unproven, l, "success with status %d by attempt %d, which the target did not answer so", final.Status, final.Attempt)
		}
	case contract.OutcomeFailed:
		answered := func(c Call) bool { return c.Attempt == final.Attempt && c.permanent() }
		if !slices.ContainsFunc(l.calls, answered) {
			b.find(Unproven, l, "failed by attempt %d (%s), which the target did not refuse", final.Attempt, final.Error)
		}
	case contract.OutcomeDead:
		if want := cmp.Or(l.Job.Attempts, contract.DefaultAttempts); final.Attempt < want {
			b.find(Unproven, l, "dead after %d attempts, want %d", final.Attempt, want)
		}
	default:
		b.find(Unproven, l, "ended with %s (%s)", final.Outcome, final.Error)
	}
}

func (b *book) expired(l *life, final *Record) {
	deadline := cmp.Or(time.Duration(l.Job.Deadline), contract.DefaultDeadline)
	if passed := final.Finished.Sub(l.Due); passed < deadline-tolerance {
		b.find(Unproven, l, "expired %s after it was due, want at least %s", passed, deadline)
	}
}

// skipped wants the job to say so and the call not to have been accepted by a
// worker that lived to tell, unless two of them had the trigger: as after a long
// stall, or when a server forgets that it was given away.
func (b *book) skipped(l *life, final *Record) {
	if l.Job.Overlap != contract.OverlapSkip {
		b.find(Unproven, l, "skipped, but its job says %q", l.Job.Overlap)
	}
	for _, c := range l.calls {
		excused := b.harmed(c.Worker, c.Arrived.Add(-tolerance), final.Finished) || b.overtaken(c.Arrived) ||
			b.harmed(servers, c.Arrived.Add(-forgotten), c.Arrived)
		if c.accepted() && !excused {
			b.find(Unproven, l, "skipped, but the target accepted attempt %d", c.Attempt)
		}
	}
}

// mortal are the outcomes that leave a dead letter.
var mortal = map[string]bool{contract.OutcomeDead: true, contract.OutcomeFailed: true, contract.OutcomeLost: true}

func (b *book) deadLetters(l *life) {
	if len(l.letters) > 1 {
		b.find(Double, l, "%d dead letters", len(l.letters))
	}
	if len(l.finals) != 1 {
		return
	}
	outcome := l.finals[0].Outcome
	switch {
	case mortal[outcome] && len(l.letters) == 0:
		b.find(Missing, l, "%s, but there is no dead letter", outcome)
	case outcome == contract.OutcomeSuccess && len(l.letters) > 0:
		b.find(Unproven, l, "success, but there is a dead letter: %s", l.letters[0].Error)
	}
}

const (
	// known is how long after the log was asked a call may still be made.
	known = 2 * time.Second
	// forgotten is how long a trigger may have been with a worker when a server
	// that is killed forgets that it was given away.
	forgotten = 5 * time.Second
)

// afterwards judges the calls after the final record: whoever is given a
// trigger again asks the log first. Excused is a worker that was stalled after
// it had asked. And a server that is harmed may forget what it has just given
// away, or what was just acknowledged: then a trigger looks new.
func (b *book) afterwards(l *life, stored time.Time) {
	for _, c := range l.calls {
		if !c.Arrived.After(stored.Add(known)) {
			continue
		}
		b.verdict.Recalled++
		if !b.unaware(l, &c, stored) {
			b.find(Recalled, l, "attempt %d was made %s after the final record was stored", c.Attempt, c.Arrived.Sub(stored))
		}
	}
}

// unaware says whether the worker of a call is excused for not knowing what the log
// held since then.
func (b *book) unaware(l *life, c *Call, since time.Time) bool {
	return b.harmed(c.Worker, since, c.Arrived) ||
		b.harmed(servers, l.calls[0].Arrived.Add(-forgotten), since.Add(known))
}
