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
	"github.com/weplanx/workflow/shared/contract"
)

// results makes the log stream with n records of key, numbered from 1.
func (b *bundle) results(t testing.TB, key string, n int) {
	t.Helper()
	_, err := b.js.AddStream(&nats.StreamConfig{Name: b.names.ResultStream(), Subjects: []string{b.names.Results()}})
	noError(t, err)
	for i := range n {
		b.result(t, key, i+1)
	}
}

func (b *bundle) result(t testing.TB, key string, attempt int) {
	t.Helper()
	data, err := contract.Encode(contract.Result{Kind: contract.KindAttempt, Key: key, Attempt: attempt})
	noError(t, err)
	_, err = b.js.Publish(b.names.Result(key), data)
	noError(t, err)
}

// attempts returns the numbers of the records; an error counts as "!".
func attempts(ctx context.Context, b *bundle, key string, query client.ResultQuery) string {
	var got []string
	for r, err := range b.Results(ctx, key, query) {
		if err != nil {
			got = append(got, "!")
			continue
		}
		got = append(got, fmt.Sprint(r.Attempt))
	}
	return strings.Join(got, " ")
}

func TestResults(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.results(t, "a", 5)
	b.result(t, "b", 100)
	cases := map[string]struct {
		key   string
		query client.ResultQuery
		want  string
	}{
		"all":           {"a", client.ResultQuery{}, "1 2 3 4 5"},
		"newest":        {"a", client.ResultQuery{Limit: 2}, "4 5"},
		"more than are": {"a", client.ResultQuery{Limit: 50}, "1 2 3 4 5"},
		"since":         {"a", client.ResultQuery{Since: time.Now().Add(-time.Hour), Limit: 1}, "5"},
		"since later":   {"a", client.ResultQuery{Since: time.Now().Add(time.Hour)}, ""},
		"another key":   {"b", client.ResultQuery{}, "100"},
		"unknown key":   {"c", client.ResultQuery{Limit: 3}, ""},
		"bad key":       {"*", client.ResultQuery{}, "!"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := attempts(limited(t), b, c.key, c.query); got != c.want {
				t.Errorf("attempts are %q, want %q", got, c.want)
			}
		})
	}
}

func TestResultsFollow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.results(t, "a", 3)
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	var got []string
	for r, err := range b.Results(ctx, "a", client.ResultQuery{Limit: 1, Follow: true}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			break
		}
		got = append(got, fmt.Sprint(r.Attempt))
		switch r.Attempt {
		case 3:
			b.result(t, "a", 4)
			b.result(t, "b", 9)
		case 4:
			b.result(t, "a", 5)
		default:
			cancel()
		}
	}
	if want := "3 4 5"; strings.Join(got, " ") != want {
		t.Errorf("attempts are %q, want %q", got, want)
	}
}

func TestResultsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.results(t, "a", 1)
	_, err := b.js.Publish(b.names.Result("a"), []byte("garbage"))
	noError(t, err)
	b.result(t, "a", 2)
	if got := attempts(limited(t), b, "a", client.ResultQuery{}); got != "1 ! 2" {
		t.Errorf("attempts are %q, want a bad one between", got)
	}
}

func TestResultsBeforeTheLogExists(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if got := attempts(limited(t), b, "a", client.ResultQuery{}); got != "" {
		t.Errorf("attempts are %q", got)
	}
	if got := attempts(limited(t), b, "a", client.ResultQuery{Follow: true}); got != "!" {
		t.Errorf("following gives %q, want an error", got)
	}
}
