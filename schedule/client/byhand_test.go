package client_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// stored are the triggers in the queue, oldest first.
func (b *bundle) stored(t testing.TB) (triggers []contract.Trigger) {
	t.Helper()
	info, err := b.js.StreamInfo(b.names.TriggerStream())
	noError(t, err)
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
		msg, err := b.js.GetMsg(b.names.TriggerStream(), seq)
		if errors.Is(err, nats.ErrMsgNotFound) || err == nil && !strings.HasPrefix(msg.Subject, "beta.triggers.") {
			continue
		}
		noError(t, err)
		trigger, err := contract.Decode[contract.Trigger](msg.Data)
		noError(t, err)
		if msg.Subject != b.names.Trigger(trigger.Mode, trigger.Key) {
			t.Errorf("trigger of %q is at %s", trigger.Key, msg.Subject)
		}
		triggers = append(triggers, trigger)
	}
	return triggers
}

// answering runs a scheduler until the test ends, and waits until it answers.
func (b *bundle) answering(t testing.TB) {
	t.Helper()
	b.scheduler(t)
	for deadline := time.Now().Add(patience); ; <-time.After(10 * time.Millisecond) {
		nodes, err := b.Nodes(limited(t))
		noError(t, err)
		if len(nodes) == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the scheduler does not answer")
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.answering(t)
	first, second := job(yearly), common.NatsJob(yearly, common.NatsOption{Subject: "report.daily", Request: true})
	first.Attempts, first.Overlap = 2, common.OverlapSkip
	noError(t, b.Set("a/b", first, second))
	noError(t, b.Pause("a/b"))
	began := time.Now()
	all, err := b.Run("a/b")
	noError(t, err)
	one, err := b.Run("a/b", 1)
	noError(t, err)
	both, err := b.Run("a/b", 1, 0)
	noError(t, err)
	runs := slices.Concat(all, one, both)
	triggers := b.stored(t)
	if len(runs) != 5 || len(triggers) != 5 {
		t.Fatalf("runs are %+v, triggers %+v, want 5", runs, triggers)
	}
	seen := map[string]bool{}
	for i, trigger := range triggers {
		if seen[trigger.ID] || trigger.ID != runs[i].ID || trigger.Index != runs[i].Index || trigger.Index != []int{0, 1, 1, 1, 0}[i] {
			t.Errorf("trigger %d is %+v, want %+v", i, trigger, runs[i])
		}
		seen[trigger.ID] = true
		if !trigger.Due.Equal(trigger.Scheduled) || !trigger.Due.Equal(runs[i].Scheduled) || trigger.Due.Before(began.Add(-time.Second)) || trigger.Due.After(time.Now().Add(time.Second)) {
			t.Errorf("trigger is due %s, scheduled %s, want now", trigger.Due, trigger.Scheduled)
		}
	}
	if first, second := triggers[0], triggers[1]; first.Attempts != 2 || first.Overlap != common.OverlapSkip || second.Mode != common.ModeNATS || !strings.Contains(string(second.Option), "report.daily") {
		t.Errorf("triggers are %+v and %+v", first, second)
	}
}

// yearly is when jobs run that are not to run in a test.
const yearly = "@at 2100-01-01T00:00:00Z"

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.Set("a", job(yearly)))
	if _, err := b.Run("a"); !errors.Is(err, client.ErrNoScheduler) {
		t.Errorf("without a scheduler: %v", err)
	}
	b.answering(t)
	b.put(t, "bad", []byte("garbage"))
	noError(t, b.Set("gone", job(yearly)))
	noError(t, b.Remove("gone"))
	for _, key := range []string{"nobody", "gone"} {
		if _, err := b.Run(key); !errors.Is(err, client.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", key, err)
		}
	}
	var bad *client.BadEntryError
	if _, err := b.Run("bad"); !errors.Is(err, client.ErrBadEntry) || !errors.As(err, &bad) || bad.Key != "bad" || bad.Revision == 0 {
		t.Errorf("bad entry: %v", err)
	}
	_, err := b.Run("a", 1)
	isField(t, err, "index")
	_, err = b.Run("a", -1)
	isField(t, err, "index")
	_, err = b.Run("*")
	isField(t, err, "key")
	if got := b.stored(t); len(got) != 0 {
		t.Errorf("triggers are %+v", got)
	}
}

func TestRunWithoutRoom(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.answering(t)
	noError(t, b.Set("a", job(yearly)))
	b.full(t)
	if _, err := b.Run("a"); !errors.Is(err, client.ErrFull) {
		t.Errorf("Run: %v, want ErrFull", err)
	}
	b.bury(t, "a", "5f", nil)
	b.bury(t, "a", "60", nil)
	for name, resend := range map[string]func() ([]common.Resent, error){
		"named": func() ([]common.Resent, error) { return b.Resend("a", 1, 2) },
		"all":   func() ([]common.Resent, error) { return b.ResendAll(limited(t), "", client.DeadQuery{}) },
	} {
		sent, err := resend()
		var failed client.LetterErrors
		if len(sent) != 0 || !errors.Is(err, client.ErrFull) || !errors.As(err, &failed) || len(failed) != 1 {
			t.Errorf("%s: sent %+v, %v, want ErrFull for the first alone", name, sent, err)
		}
	}
	if got := b.listed(t, "", client.DeadQuery{}); got != "60 5f" {
		t.Errorf("letters %q are left", got)
	}
}

// full leaves no room in the trigger stream for another trigger.
func (b *bundle) full(t testing.TB) {
	t.Helper()
	info, err := b.js.StreamInfo(b.names.TriggerStream())
	noError(t, err)
	config := info.Config
	config.MaxBytes = max(1, int64(info.State.Bytes))
	_, err = b.js.UpdateStream(&config)
	noError(t, err)
}

func TestResend(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.Resend("a", 1); !errors.Is(err, client.ErrNoScheduler) {
		t.Errorf("without a scheduler: %v", err)
	}
	b.answering(t)
	b.bury(t, "a/b.c", "5f", nil)
	b.bury(t, "a", "60", func(d *common.Dead) { d.Trigger, d.Data = nil, []byte("x") })
	b.bury(t, "a", "61-3", func(d *common.Dead) { d.Trigger.Origin = "61" })
	b.buryRaw(t, "a", []byte("garbage"))
	began := time.Now()
	sent, err := b.Resend("", 1, 3)
	if err != nil || len(sent) != 2 || sent[0] != (common.Resent{Sequence: 1, Key: "a/b.c", Dead: "5f", ID: "5f-1"}) || sent[1].ID != "61-4" {
		t.Errorf("sent %+v, %v", sent, err)
	}
	triggers := b.stored(t)
	if len(triggers) != 2 || triggers[0].ID != "5f-1" || triggers[0].Origin != "5f" || triggers[1].Origin != "61" || triggers[0].Due.Before(began.Add(-time.Second)) || triggers[0].Due.After(time.Now().Add(time.Second)) {
		t.Errorf("triggers are %+v", triggers)
	}
	sent, err = b.Resend("a", 1, 2, 4, 9)
	var failed client.LetterErrors
	if len(sent) != 0 || !errors.As(err, &failed) || len(failed) != 4 {
		t.Fatalf("sent %+v, %v, want four failures", sent, err)
	}
	for i, want := range []error{client.ErrNoLetter, client.ErrUnusable, client.ErrUnusable, client.ErrNoLetter} {
		if !errors.Is(failed[i], want) || failed[i].Sequence != []uint64{1, 2, 4, 9}[i] || !strings.Contains(failed[i].Error(), fmt.Sprint(failed[i].Sequence)) {
			t.Errorf("failure %d is %v of %d, want %v", i, failed[i], failed[i].Sequence, want)
		}
	}
	if got := b.listed(t, "", client.DeadQuery{}); got != "! 60" {
		t.Errorf("letters %q are left, want the two that cannot be sent", got)
	}
}

func TestResendAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.answering(t)
	for i := range 6 {
		b.bury(t, string("ab"[i%2]), fmt.Sprint(i), func(d *common.Dead) {
			if i == 2 {
				d.Outcome = common.OutcomeExpired
			}
		})
	}
	resend := func(key string, query client.DeadQuery, want string) {
		t.Helper()
		sent, err := b.ResendAll(limited(t), key, query)
		var ids []string
		for _, s := range sent {
			ids = append(ids, s.ID)
		}
		if got := strings.Join(ids, " "); err != nil || got != want {
			t.Errorf("sent %q, %v, want %q", got, err, want)
		}
	}
	resend("a", client.DeadQuery{Outcome: common.OutcomeExpired}, "2-1")
	resend("a", client.DeadQuery{Limit: 1}, "4-1")
	resend("a", client.DeadQuery{}, "0-1")
	resend("", client.DeadQuery{}, "1-1 3-1 5-1")
	resend("", client.DeadQuery{}, "")
	resend("", client.DeadQuery{Limit: 3}, "")
	_, err := b.ResendAll(limited(t), "*", client.DeadQuery{})
	isField(t, err, "key")
	_, err = b.ResendAll(limited(t), "", client.DeadQuery{Outcome: "x"})
	isField(t, err, "outcome")
	if got := b.stored(t); len(got) != 6 {
		t.Errorf("triggers are %+v, want 6", got)
	}
}
