package core_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestReportsThatAreRefused(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = accepts
		b.put(b.trigger("k", 0))
		b.start()
		b.after(time.Second)
		token := b.token()
		other := []byte(token)
		other[len(other)-1] ^= 1
		unknown := strings.Repeat("0", 32) + token[32:]
		for _, bad := range []string{"", "x", strings.Repeat("x", 200), string(other), unknown, token + "x", token[:len(token)-1], "a.b" + token[3:]} {
			before := time.Now()
			if err := b.report(bad, "", ""); !errors.Is(err, core.ErrNotOpen) {
				t.Errorf("%q: got %v", bad, err)
			}
			if took := time.Since(before); took != 0 {
				t.Errorf("%q kept the worker for %s", bad, took)
			}
		}
		var field *contract.FieldError
		if err := b.report(token, "done", ""); !errors.As(err, &field) || field.Field != "outcome" {
			t.Errorf("got %v", err)
		}
		if err := b.report(token, "", ""); err != nil {
			t.Fatal(err)
		}
		if err := b.report(token, "failed", ""); !errors.Is(err, core.ErrNotOpen) {
			t.Errorf("a second report: got %v", err)
		}
		for range 2 { // when nothing is known of the first any more
			b.after(time.Hour)
			if err := b.report(token, "failed", ""); err == nil {
				t.Error("a second report was taken")
			}
		}
	})
}

// The target may report before the worker has stored that it accepted.
func TestReportThatComesBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		reported := make(chan error, 1)
		b.executor.Answer = func(ctx context.Context, c core.Call) core.Answer {
			go func() { reported <- b.report(c.Token, "", "") }()
			time.Sleep(2 * time.Second)
			return accepts(ctx, c)
		}
		trigger := b.put(b.trigger("k", 0))
		b.start()
		b.after(5 * time.Second)
		if err := <-reported; err != nil {
			t.Error(err)
		}
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt success", "final success"}) {
			t.Errorf("got records %q", got)
		}
	})
}

// One that comes long before it is stored that the occurrence waits is not refused
// for good: the target sends it again.
func TestReportThatComesLongBeforeItsStateIsSentAgain(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		reported := make(chan error, 1)
		b.executor.Answer = func(ctx context.Context, c core.Call) core.Answer {
			reported <- b.report(c.Token, "", "")
			return accepts(ctx, c)
		}
		trigger := b.put(b.trigger("k", 0))
		b.start()
		b.after(10 * time.Second)
		if err := <-reported; err == nil || errors.Is(err, core.ErrNotOpen) {
			t.Errorf("got %v, want an error that says to try again", err)
		}
		if err := b.report(b.token(), "", ""); err != nil {
			t.Error(err)
		}
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt success", "final success"}) {
			t.Errorf("got records %q", got)
		}
	})
}

// Regression guard: a report whose answer from the store was lost is not taken
// for a second one.
func TestReportWhoseStoringWasNotAnswered(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = accepts
		trigger := b.put(b.trigger("k", 0))
		b.start()
		b.after(time.Second)
		requests := 0
		m := &mortal{fate: func() fate {
			if requests++; requests == 3 { // after two that read
				return unanswered
			}
			return arrives
		}}
		worker := core.New(core.Settings{Name: "desk", Concurrency: 1}, m.ports(b.ports()))
		if err := worker.Complete(b.t.Context(), b.token(), contract.Completed{}); err != nil || requests < 4 {
			t.Errorf("got %v after %d requests", err, requests)
		}
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt success", "final success"}) {
			t.Errorf("got records %q", got)
		}
	})
}

func TestReportIsNotTakenWhileStatesAreAway(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = accepts
		b.put(b.trigger("k", 0))
		b.start()
		b.after(time.Second)
		b.states.Refuse(errors.New("away"))
		if err := b.report(b.token(), "", ""); err == nil || errors.Is(err, core.ErrNotOpen) {
			t.Errorf("got %v, want an error that says to try again", err)
		}
		b.states.Refuse(nil)
		if err := b.report(b.token(), "", ""); err != nil {
			t.Error(err)
		}
	})
}

func TestReportsThatAreDelivered(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = accepts
		trigger := b.put(b.trigger("k", 0))
		b.start()
		b.after(time.Second)
		answers := map[string]error{}
		for _, data := range []string{"garbage", `{"outcome":"dead"}`, `{"outcome":"success"}`, "again"} {
			if data == "again" {
				data = ""
			}
			b.reports.Publish(core.Completion{Token: b.token(), Data: []byte(data), Reply: func(err error) error { answers[data] = err; return nil }})
			b.after(time.Second)
		}
		var field *contract.FieldError
		if !errors.Is(answers["garbage"], contract.ErrMalformed) || !errors.As(answers[`{"outcome":"dead"}`], &field) ||
			answers[`{"outcome":"success"}`] != nil || !errors.Is(answers[""], core.ErrNotOpen) {
			t.Errorf("got %v", answers)
		}
		if got := b.kinds(trigger.ID); !slices.Equal(got, []string{"attempt success", "final success"}) {
			t.Errorf("got records %q", got)
		}
	})
}
