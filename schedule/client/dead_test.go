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

// graves makes the stream of dead letters, as a scheduler does.
func (b *bundle) graves(t testing.TB) {
	t.Helper()
	_, err := b.js.AddStream(&nats.StreamConfig{Name: b.names.DeadStream(), Subjects: []string{b.names.Deads()}, AllowDirect: true})
	noError(t, err)
}

// bury stores a dead letter and returns its sequence.
func (b *bundle) bury(t testing.TB, key, id string, change func(*common.Dead)) uint64 {
	t.Helper()
	option := common.HttpJob("@hourly", common.HttpOption{Url: "http://h"}).Option
	dead := common.Dead{
		ID: id, Key: key, Mode: common.ModeHTTP, Died: time.Now(), Outcome: common.OutcomeDead, ErrorClass: contract.ErrorStatus, Attempts: 5,
		Trigger: &contract.Trigger{V: 1, ID: id, Key: key, Mode: common.ModeHTTP, Option: option},
	}
	if change != nil {
		change(&dead)
	}
	data, err := contract.Encode(dead)
	noError(t, err)
	return b.buryRaw(t, key, data)
}

func (b *bundle) buryRaw(t testing.TB, key string, data []byte) uint64 {
	t.Helper()
	ack, err := b.js.Publish(b.names.Dead(key), data)
	noError(t, err)
	return ack.Sequence
}

// listed are the IDs of the dead letters, newest first; a bad one is "!".
func (b *bundle) listed(t testing.TB, key string, query client.DeadQuery) string {
	t.Helper()
	letters, err := b.DeadLettersContext(limited(t), key, query)
	noError(t, err)
	var ids []string
	for _, l := range letters {
		if l.Sequence == 0 || l.Stored.IsZero() || l.Key == "" || key != "" && l.Key != key {
			t.Errorf("letter is %+v", l)
		}
		if l.Bad != nil {
			l.ID = "!"
		}
		ids = append(ids, l.ID)
	}
	return strings.Join(ids, " ")
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.graves(t)
	b.bury(t, "a", "1", nil)
	b.bury(t, "a/b.c", "2", func(d *common.Dead) { d.Outcome = common.OutcomeExpired })
	third, err := b.DeadLetter(b.bury(t, "a", "3", func(d *common.Dead) { d.ErrorClass = contract.ErrorTimeout }))
	noError(t, err)
	b.buryRaw(t, "a", []byte("garbage"))
	b.bury(t, "a", "5", nil)
	for name, c := range map[string]struct {
		key   string
		query client.DeadQuery
		want  string
	}{
		"all":        {"", client.DeadQuery{}, "5 ! 3 2 1"},
		"of a key":   {"a", client.DeadQuery{}, "5 ! 3 1"},
		"of another": {"a/b.c", client.DeadQuery{}, "2"},
		"of none":    {"b", client.DeadQuery{}, ""},
		"newest":     {"a", client.DeadQuery{Limit: 2}, "5 !"},
		"outcome":    {"", client.DeadQuery{Outcome: common.OutcomeExpired}, "2"},
		"class":      {"", client.DeadQuery{ErrorClass: contract.ErrorTimeout, Limit: 1}, "3"},
		"since":      {"a", client.DeadQuery{Since: third.Stored}, "5 ! 3"},
		"until":      {"", client.DeadQuery{Until: third.Stored}, "3 2 1"},
		"just then":  {"", client.DeadQuery{Since: third.Stored, Until: third.Stored}, "3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := b.listed(t, c.key, c.query); got != c.want {
				t.Errorf("letters are %q, want %q", got, c.want)
			}
		})
	}
	for field, query := range map[string]client.DeadQuery{
		"limit": {Limit: -1}, "until": {Since: third.Stored, Until: third.Stored.Add(-1)}, "outcome": {Outcome: "x"},
	} {
		_, err := b.DeadLetters("", query)
		isField(t, err, field)
	}
	_, err = b.DeadLetters("*", client.DeadQuery{})
	isField(t, err, "key")
}

func isField(t testing.TB, err error, want string) {
	t.Helper()
	var field *client.FieldError
	if !errors.Is(err, client.ErrInvalid) || !errors.As(err, &field) || field.Field != want {
		t.Errorf("error is %v, want one of %s", err, want)
	}
}

func TestDeadLetter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.DeadLetter(1)
	if !errors.Is(err, client.ErrNoLetter) {
		t.Errorf("without a stream: %v", err)
	}
	b.graves(t)
	sequence := b.bury(t, "a/b.c", "5f", nil)
	bad := b.buryRaw(t, "a", []byte("garbage"))
	l, err := b.DeadLetter(sequence)
	if err != nil || l.Sequence != sequence || l.Key != "a/b.c" || l.ID != "5f" || l.Trigger == nil || l.Trigger.ID != "5f" || l.Bad != nil {
		t.Errorf("letter is %+v, %v", l, err)
	}
	if l, err = b.DeadLetter(bad); err != nil || l.Bad == nil || l.Key != "a" || l.ID != "" {
		t.Errorf("letter is %+v, %v, want a bad one", l, err)
	}
	for _, none := range []uint64{0, bad + 1} {
		if _, err := b.DeadLetter(none); !errors.Is(err, client.ErrNoLetter) {
			t.Errorf("letter %d: %v", none, err)
		}
	}
}

func TestDrop(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := b.Drop("", 1); !errors.Is(err, client.ErrNoLetter) {
		t.Errorf("without a stream: %v", err)
	}
	b.graves(t)
	for i := range 4 {
		b.bury(t, "a", fmt.Sprint(i+1), nil)
	}
	other := b.bury(t, "b", "5", nil)
	noError(t, b.Drop("a", 2))
	err := b.Drop("a", 2, other, 3, 99)
	var failed client.LetterErrors
	if !errors.Is(err, client.ErrNoLetter) || !errors.As(err, &failed) || len(failed) != 3 || failed[0].Sequence != 2 || failed[1].Sequence != other || failed[2].Sequence != 99 {
		t.Errorf("error is %v, want that 2, %d and 99 are not there", err, other)
	}
	if got := b.listed(t, "", client.DeadQuery{}); got != "5 4 1" {
		t.Errorf("letters %q are left, want 5, 4 and 1", got)
	}
	noError(t, b.Drop("", other))
	noError(t, b.Drop(""))
	isField(t, b.Drop("*", 1), "key")
	if got := b.listed(t, "", client.DeadQuery{}); got != "4 1" {
		t.Errorf("letters %q are left, want 4 and 1", got)
	}
}

func TestDropAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.graves(t)
	for i, key := range []string{"a", "b", "a", "a", "b", "a"} {
		b.bury(t, key, fmt.Sprint(i+1), func(d *common.Dead) {
			if i == 3 {
				d.Outcome = common.OutcomeFailed
			}
		})
	}
	drop := func(key string, query client.DeadQuery, dropped int, left string) {
		t.Helper()
		gone, err := b.DropAll(limited(t), key, query)
		if err != nil || len(gone) != dropped {
			t.Errorf("dropped %v, %v, want %d", gone, err, dropped)
		}
		if got := b.listed(t, "", client.DeadQuery{}); got != left {
			t.Errorf("letters %q are left, want %q", got, left)
		}
	}
	drop("a", client.DeadQuery{Outcome: common.OutcomeFailed}, 1, "6 5 3 2 1")
	drop("a", client.DeadQuery{Limit: 1}, 1, "5 3 2 1")
	drop("a", client.DeadQuery{}, 2, "5 2")
	drop("", client.DeadQuery{}, 2, "")
	drop("", client.DeadQuery{}, 0, "")
}

func TestDeadLettersEndWithTheirContext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.graves(t)
	b.bury(t, "a", "1", nil)
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stopped)
	_, list := b.DeadLettersContext(ctx, "", client.DeadQuery{})
	_, letter := b.DeadLetterContext(ctx, 1)
	_, all := b.DropAll(ctx, "", client.DeadQuery{})
	_, run := b.RunContext(ctx, "a")
	_, sent := b.ResendContext(ctx, "", 1)
	for name, err := range map[string]error{
		"list": list, "letter": letter, "drop all": all, "drop": b.DropContext(ctx, "", 1), "run": run, "resend": sent,
	} {
		if !errors.Is(err, stopped) {
			t.Errorf("%s: %v, want the cause of the context's end", name, err)
		}
	}
}
