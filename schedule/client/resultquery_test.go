package client_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// logged makes the log stream and returns a function that appends to it.
func (b *bundle) logged(t testing.TB) func(key, kind, outcome string, attempt int) time.Time {
	t.Helper()
	_, err := b.js.AddStream(&nats.StreamConfig{Name: b.names.ResultStream(), Subjects: []string{b.names.Results()}})
	noError(t, err)
	return func(key, kind, outcome string, attempt int) time.Time {
		t.Helper()
		data, err := contract.Encode(contract.Result{Kind: kind, Key: key, ID: fmt.Sprint("id", attempt%2), Outcome: outcome, Attempt: attempt})
		noError(t, err)
		ack, err := b.js.Publish(b.names.Result(key), data)
		noError(t, err)
		msg, err := b.js.GetMsg(b.names.ResultStream(), ack.Sequence)
		noError(t, err)
		return msg.Time
	}
}

func TestResultQuery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	add := b.logged(t)
	add("a", common.KindAttempt, common.OutcomeRetry, 1)
	add("a", common.KindAttempt, common.OutcomeSuccess, 2)
	second := add("a", common.KindFinal, common.OutcomeSuccess, 3)
	add("b", common.KindFinal, common.OutcomeDead, 4)
	fifth := add("a", common.KindMissed, common.OutcomeMissed, 5)
	add("a", common.KindFinal, common.OutcomeFailed, 6)
	cases := map[string]struct {
		key   string
		query client.ResultQuery
		want  string
	}{
		"kind":              {"a", client.ResultQuery{Kinds: []string{common.KindFinal}}, "3 6"},
		"kinds":             {"a", client.ResultQuery{Kinds: []string{common.KindFinal, common.KindMissed}}, "3 5 6"},
		"outcome":           {"a", client.ResultQuery{Outcomes: []string{common.OutcomeSuccess}}, "2 3"},
		"kind and outcome":  {"a", client.ResultQuery{Kinds: []string{common.KindFinal}, Outcomes: []string{common.OutcomeSuccess}}, "3"},
		"none":              {"a", client.ResultQuery{Outcomes: []string{common.OutcomeLost}}, ""},
		"occurrence":        {"a", client.ResultQuery{ID: "id1"}, "1 3 5"},
		"until":             {"a", client.ResultQuery{Until: second}, "1 2 3"},
		"since and until":   {"a", client.ResultQuery{Since: second, Until: fifth}, "3 5"},
		"between two":       {"a", client.ResultQuery{Since: second.Add(1), Until: fifth.Add(-1)}, ""},
		"until before all":  {"a", client.ResultQuery{Until: second.Add(-time.Hour)}, ""},
		"newest of a kind":  {"a", client.ResultQuery{Kinds: []string{common.KindAttempt}, Limit: 1}, "2"},
		"newest until":      {"a", client.ResultQuery{Until: second, Limit: 2}, "2 3"},
		"newest, all fit":   {"a", client.ResultQuery{Limit: 2, Outcomes: []string{common.OutcomeRetry, common.OutcomeFailed}}, "1 6"},
		"all keys":          {"", client.ResultQuery{}, "1 2 3 4 5 6"},
		"all keys, a kind":  {"", client.ResultQuery{Kinds: []string{common.KindFinal}, Limit: 2}, "4 6"},
		"unknown kind":      {"a", client.ResultQuery{Kinds: []string{"x"}}, "!"},
		"unknown outcome":   {"a", client.ResultQuery{Outcomes: []string{common.OutcomeDead, "x"}}, "!"},
		"negative limit":    {"a", client.ResultQuery{Limit: -1}, "!"},
		"until before then": {"a", client.ResultQuery{Since: fifth, Until: second}, "!"},
		"until and follow":  {"a", client.ResultQuery{Until: second, Follow: true}, "!"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := attempts(limited(t), b, c.key, c.query); got != c.want {
				t.Errorf("attempts are %q, want %q", got, c.want)
			}
		})
	}
	for _, err := range b.Results(limited(t), "a", client.ResultQuery{Kinds: []string{"x"}}) {
		var field *client.FieldError
		if !errors.Is(err, client.ErrInvalid) || !errors.As(err, &field) || field.Field != "kind" {
			t.Errorf("error is %v, want one of the kind", err)
		}
	}
}

// The newest of what is chosen may lie behind many that are not.
func TestResultQueryLooksBackFarEnough(t *testing.T) {
	t.Parallel()
	b := setup(t)
	add := b.logged(t)
	add("a", common.KindMissed, common.OutcomeMissed, 1)
	for i := range 300 {
		add("a", common.KindAttempt, common.OutcomeRetry, 2+i)
	}
	query := client.ResultQuery{Kinds: []string{common.KindMissed}, Limit: 1}
	if got := attempts(limited(t), b, "a", query); got != "1" {
		t.Errorf("attempts are %q, want the one before all others", got)
	}
}

func TestResultQueryFollows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	add := b.logged(t)
	add("a", common.KindFinal, common.OutcomeSuccess, 1)
	add("a", common.KindFinal, common.OutcomeDead, 2)
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	var got []string
	for r, err := range b.Results(ctx, "a", client.ResultQuery{Outcomes: []string{common.OutcomeDead}, Limit: 5, Follow: true}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			break
		}
		got = append(got, fmt.Sprint(r.Attempt))
		switch r.Attempt {
		case 2:
			add("a", common.KindFinal, common.OutcomeSuccess, 3)
			add("a", common.KindFinal, common.OutcomeDead, 4)
		case 4:
			cancel()
		}
	}
	if strings.Join(got, " ") != "2 4" {
		t.Errorf("attempts are %q, want 2 and 4", got)
	}
}

// Once everything has expired there is no first record to look back to.
func TestResultQueryOfAnEmptiedLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.logged(t)("a", common.KindFinal, common.OutcomeSuccess, 1)
	noError(t, b.js.PurgeStream(b.names.ResultStream()))
	if got := attempts(limited(t), b, "a", client.ResultQuery{Limit: 1}); got != "" {
		t.Errorf("attempts are %q, want none", got)
	}
}
