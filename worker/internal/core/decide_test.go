package core_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer  core.Answer
		attempt int // of 10
		want    core.Decision
	}{
		"success":             {core.Answer{Verdict: core.Success}, 1, core.Decision{Outcome: contract.OutcomeSuccess, Final: true}},
		"permanent":           {core.Answer{Verdict: core.Permanent}, 1, core.Decision{Outcome: contract.OutcomeFailed, Final: true}},
		"temporary, first":    {core.Answer{}, 1, core.Decision{Outcome: contract.OutcomeRetry, Delay: 500 * time.Millisecond}},
		"temporary, ninth":    {core.Answer{}, 9, core.Decision{Outcome: contract.OutcomeRetry, Delay: 128 * time.Second}},
		"temporary, last":     {core.Answer{}, 10, core.Decision{Outcome: contract.OutcomeDead, Final: true}},
		"temporary, too many": {core.Answer{}, 5000, core.Decision{Outcome: contract.OutcomeDead, Final: true}},
		"success, last":       {core.Answer{Verdict: core.Success}, 10, core.Decision{Outcome: contract.OutcomeSuccess, Final: true}},
		"permanent, last":     {core.Answer{Verdict: core.Permanent}, 10, core.Decision{Outcome: contract.OutcomeFailed, Final: true}},
		"asked to wait":       {core.Answer{RetryAfter: time.Minute}, 1, core.Decision{Outcome: contract.OutcomeRetry, Delay: time.Minute}},
		"asked to wait less":  {core.Answer{RetryAfter: time.Millisecond}, 1, core.Decision{Outcome: contract.OutcomeRetry, Delay: 500 * time.Millisecond}},
		"asked to wait a day": {core.Answer{RetryAfter: 24 * time.Hour}, 1, core.Decision{Outcome: contract.OutcomeRetry, Delay: core.MaxBackoff}},
		"worker stops":        {core.Answer{Class: contract.ErrorStopped}, 10, core.Decision{Outcome: contract.OutcomeRetry}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := core.Decide(test.answer, test.attempt, 10, 0.5); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestBackoffIsFullJitterWithinItsBounds(t *testing.T) {
	t.Parallel()
	limit := core.MinBackoff
	for attempt := -1; attempt < 80; attempt++ {
		if attempt > 1 {
			limit = min(2*limit, core.MaxBackoff)
		}
		if got := core.Backoff(attempt, 0); got <= 0 || got > 100*time.Millisecond {
			t.Errorf("attempt %d: got %s at least", attempt, got)
		}
		if got := core.Backoff(attempt, 0.999999); got > limit || got < limit-time.Second {
			t.Errorf("attempt %d: got %s at most, want %s", attempt, got, limit)
		}
	}
}
