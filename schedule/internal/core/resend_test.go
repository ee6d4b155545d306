package core_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// letter is a dead letter of an occurrence.
func letter(key, id string) contract.Dead {
	t := contract.Trigger{
		V: 1, ID: id, Key: key, Index: 2, Mode: contract.ModeHTTP, Revision: 7, Timeout: contract.Duration(time.Second),
		Scheduled: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Due: time.Date(2026, 2, 1, 0, 0, 3, 0, time.UTC),
		Option: []byte(`{"url":"http://h"}`), Attempts: 3, Overlap: contract.OverlapSkip,
	}
	return contract.Dead{
		ID: id, Key: key, Index: t.Index, Mode: t.Mode, Scheduled: t.Scheduled, Outcome: contract.OutcomeDead, ErrorClass: contract.ErrorStatus,
		Attempts: 3, Trigger: &t,
	}
}

func (b *byHand) bury(dead contract.Dead) uint64 {
	b.t.Helper()
	data, err := contract.Encode(dead)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.letters.Put(dead.Key, data)
}

// resend sends again what the request names, without an error of the request.
func (b *byHand) resend(r contract.ResendRequest) contract.ResendAnswer {
	b.t.Helper()
	answer, err := b.Resend(b.t.Context(), r)
	if err != nil {
		b.t.Fatalf("Resend(%+v): %v", r, err)
	}
	return answer
}

// left are the sequences of the letters that there are.
func (b *byHand) left() (sequences []uint64) {
	for next := uint64(1); ; {
		l, err := b.letters.Next(b.t.Context(), "", next)
		if err != nil {
			return sequences
		}
		sequences = append(sequences, l.Sequence)
		next = l.Sequence + 1
	}
}

func ids(triggers []contract.Trigger) (list []string) {
	for _, t := range triggers {
		list = append(list, t.ID)
	}
	return list
}

func TestResend(t *testing.T) {
	t.Parallel()
	b := newByHand(t)
	dead := letter("report", "5f")
	b.bury(letter("other", "60"))
	sequence := b.bury(dead)
	b.now = b.now.Add(time.Hour)
	answer := b.resend(contract.ResendRequest{Key: "report", Sequences: []uint64{sequence}})
	if want := (contract.ResendAnswer{Sent: []contract.Resent{{Sequence: sequence, Key: "report", Dead: "5f", ID: "5f-1"}}}); !reflect.DeepEqual(answer, want) {
		t.Errorf("answer is %+v, want %+v", answer, want)
	}
	want := *dead.Trigger
	want.ID, want.Origin, want.Due = "5f-1", "5f", b.now
	if got := b.sender.Take(); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("trigger is\n%+v\nwant\n%+v", got, want)
	}
	if left := b.left(); !reflect.DeepEqual(left, []uint64{1}) {
		t.Errorf("letters %v are left, want the other one", left)
	}

	again := letter("report", "5f-1") // it died once more
	again.Trigger.Origin = "5f"
	b.resend(contract.ResendRequest{Sequences: []uint64{b.bury(again)}})
	if got := b.sender.Take(); len(got) != 1 || got[0].ID != "5f-2" || got[0].Origin != "5f" {
		t.Errorf("trigger is %+v, want 5f-2 of 5f", got)
	}
}

func TestResendAll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request contract.ResendRequest
		want    string // of the IDs sent
	}{
		"all":             {contract.ResendRequest{All: true}, "a1-1 a2-1 b3-1 a4-1"},
		"of a key":        {contract.ResendRequest{All: true, Key: "a"}, "a1-1 a2-1 a4-1"},
		"of no key":       {contract.ResendRequest{All: true, Key: "c"}, ""},
		"since":           {contract.ResendRequest{All: true, DeadFilter: contract.DeadFilter{Since: begun.Add(2 * time.Hour)}}, "b3-1 a4-1"},
		"until":           {contract.ResendRequest{All: true, DeadFilter: contract.DeadFilter{Until: begun.Add(time.Hour)}}, "a1-1 a2-1"},
		"outcome":         {contract.ResendRequest{All: true, DeadFilter: contract.DeadFilter{Outcome: contract.OutcomeExpired}}, "a2-1"},
		"class":           {contract.ResendRequest{All: true, DeadFilter: contract.DeadFilter{ErrorClass: contract.ErrorTimeout}}, "b3-1"},
		"from":            {contract.ResendRequest{All: true, From: 3}, "b3-1 a4-1"},
		"to":              {contract.ResendRequest{All: true, To: 2}, "a1-1 a2-1"},
		"named, unsorted": {contract.ResendRequest{Sequences: []uint64{4, 1, 4}}, "a1-1 a4-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newByHand(t)
			for i, key := range []string{"a", "a", "b", "a"} {
				b.now = begun.Add(time.Duration(i) * time.Hour)
				dead := letter(key, fmt.Sprint(key, i+1))
				switch i {
				case 1:
					dead.Outcome = contract.OutcomeExpired
				case 2:
					dead.ErrorClass = contract.ErrorTimeout
				}
				b.bury(dead)
			}
			answer := b.resend(c.request)
			sent := b.sender.Take()
			if got := strings.Join(ids(sent), " "); got != c.want || len(answer.Failed) != 0 || answer.Next != 0 {
				t.Errorf("sent %q, answer %+v, want %q", got, answer, c.want)
			}
			if left := b.left(); len(left) != 4-len(sent) {
				t.Errorf("letters %v are left", left)
			}
		})
	}
}

var begun = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// A letter whose trigger dies again at once must not keep the request going.
func TestResendAllComesToAnEnd(t *testing.T) {
	t.Parallel()
	b := newByHand(t)
	b.bury(letter("a", "1"))
	b.bury(letter("a", "2"))
	died := 0
	b.sender.OnSend(func(x contract.Trigger) (before, after error) {
		if died++; died < 100 {
			again := letter("a", x.ID)
			again.Trigger.Origin = x.Origin
			b.bury(again)
		}
		return nil, nil
	})
	if answer := b.resend(contract.ResendRequest{All: true}); len(answer.Sent) != 2 || answer.To != 2 {
		t.Errorf("answer is %+v, want two letters", answer)
	}
}

// What takes long is answered in parts.
func TestResendInParts(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]contract.ResendRequest{
		"all": {All: true}, "named": {Sequences: []uint64{1, 2, 3, 4, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newByHand(t)
			for i := range 5 {
				b.bury(letter("a", fmt.Sprint(i)))
			}
			b.sender.OnSend(func(contract.Trigger) (before, after error) {
				b.now = b.now.Add(1500 * time.Millisecond)
				return nil, nil
			})
			parts := 1
			for ; ; parts++ {
				answer := b.resend(request)
				if len(answer.Sent) == 0 || len(answer.Sent) == 5 {
					t.Fatalf("part %d is %+v", parts, answer)
				}
				if answer.Next == 0 {
					break
				}
				request.From, request.To = answer.Next, answer.To
			}
			if got := strings.Join(ids(b.sender.Take()), " "); parts != 3 || got != "0-1 1-1 2-1 3-1 4-1" {
				t.Errorf("sent %q in %d parts, want all in 3", got, parts)
			}
		})
	}
}

func TestResendWhatCannotBe(t *testing.T) {
	t.Parallel()
	change := func(f func(*contract.Dead)) contract.Dead {
		dead := letter("a", "5f")
		f(&dead)
		return dead
	}
	for _, c := range []struct {
		name       string
		dead       contract.Dead
		code, want string
	}{
		{"poison", change(func(d *contract.Dead) { d.Trigger, d.Data = nil, []byte("x") }), contract.CodeUnusable, "dead letter 1 cannot be run: its trigger could not be read"},
		{"missed", change(func(d *contract.Dead) { d.Trigger.Mode = contract.ModeMissed }), contract.CodeUnusable, `mode "MISSED"`},
		{"mode that is a wildcard", change(func(d *contract.Dead) { d.Trigger.Mode = "*" }), contract.CodeUnusable, `mode "*"`},
		{"no mode", change(func(d *contract.Dead) { d.Trigger.Mode = "" }), contract.CodeUnusable, `mode ""`},
		{"another key", change(func(d *contract.Dead) { d.Trigger.Key = "b" }), contract.CodeUnusable, "not of the schedule"},
		{"no ID", change(func(d *contract.Dead) { d.Trigger.ID = "" }), contract.CodeUnusable, "no ID that can be counted up"},
		{"long ID", change(func(d *contract.Dead) { d.Trigger.ID = strings.Repeat("x", 63) }), contract.CodeUnusable, "no ID that can be counted up"},
		{"ID with a dot", change(func(d *contract.Dead) { d.Trigger.ID = "a.b" }), contract.CodeUnusable, "no ID that can be counted up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, request := range []contract.ResendRequest{{All: true}, {Sequences: []uint64{1}}} {
				b := newByHand(t)
				sequence := b.bury(c.dead)
				b.bury(letter("a", "60"))
				if !request.All {
					request.Sequences = append(request.Sequences, 2)
				}
				answer := b.resend(request)
				if len(answer.Failed) != 1 || answer.Failed[0].Sequence != sequence || answer.Failed[0].Code != c.code || !strings.Contains(answer.Failed[0].Error, c.want) {
					t.Errorf("failed %+v, want %s with %q", answer.Failed, c.code, c.want)
				}
				if got := ids(b.sender.Take()); len(got) != 1 || got[0] != "60-1" || len(answer.Sent) != 1 {
					t.Errorf("sent %v, want the one after it", got)
				}
				if left := b.left(); !reflect.DeepEqual(left, []uint64{sequence}) {
					t.Errorf("letters %v are left", left)
				}
			}
		})
	}
}

func TestResendGarbageAndWhatIsNotThere(t *testing.T) {
	t.Parallel()
	b := newByHand(t)
	b.letters.Put("a", []byte("garbage"))
	b.bury(letter("b", "5f"))
	answer := b.resend(contract.ResendRequest{Key: "a", Sequences: []uint64{1, 2, 3}})
	var got []string
	for _, f := range answer.Failed {
		got = append(got, fmt.Sprintf("%d %s", f.Sequence, f.Code))
	}
	if want := []string{"1 422", "2 404", "3 404"}; !reflect.DeepEqual(got, want) || len(answer.Sent) != 0 {
		t.Errorf("failed %v, want %v", got, want)
	}
}

func TestResendIsRefused(t *testing.T) {
	t.Parallel()
	b := newByHand(t)
	for name, c := range map[string]struct {
		request contract.ResendRequest
		want    string
	}{
		"nothing":            {contract.ResendRequest{}, "sequences: has 0, want 1 to 1000, or all"},
		"key alone":          {contract.ResendRequest{Key: "a"}, "sequences: "},
		"bad key":            {contract.ResendRequest{Key: ">", All: true}, "key: "},
		"too many":           {contract.ResendRequest{Sequences: make([]uint64, 1001)}, "has 1001"},
		"both":               {contract.ResendRequest{All: true, Sequences: []uint64{1}}, "sequences: cannot be named beside all"},
		"filter of a few":    {contract.ResendRequest{Sequences: []uint64{1}, DeadFilter: contract.DeadFilter{Outcome: "dead"}}, "all: is needed"},
		"until before since": {contract.ResendRequest{All: true, DeadFilter: contract.DeadFilter{Since: begun, Until: begun.Add(-1)}}, "until: is before since"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := b.Resend(t.Context(), c.request)
			var field *contract.FieldError
			if !errors.As(err, &field) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// A node that dies after it has sent and before it has removed the letter leaves
// both. However much later it is asked again, there is no second trigger while
// the first is in the queue.
func TestResendInterrupted(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]time.Duration{"at once": 0, "after the window of duplicates": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newByHand(t)
			b.bury(letter("a", "5f"))
			b.letters.Refuse(errors.New("no leader"))
			answer := b.resend(contract.ResendRequest{All: true})
			if len(answer.Sent) != 0 || len(answer.Failed) != 1 || answer.Failed[0].Code != contract.CodeUnavailable {
				t.Errorf("answer is %+v, want one of unknown outcome", answer)
			}
			b.letters.Refuse(nil)
			b.now = b.now.Add(later)
			answer = b.resend(contract.ResendRequest{All: true})
			if got := ids(b.sender.Take()); len(answer.Sent) != 1 || !reflect.DeepEqual(got, []string{"5f-1"}) {
				t.Errorf("sent %v, answer %+v, want 5f-1 once", got, answer)
			}
			if left := b.left(); len(left) != 0 {
				t.Errorf("letters %v are left", left)
			}
		})
	}
}

// A trigger whose storing is not known to have succeeded keeps its letter.
func TestResendStopsWhereTheRestWouldFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fails error
		code  string
	}{
		"full": {core.ErrFull, contract.CodeFull}, "no answer": {context.DeadlineExceeded, contract.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, request := range []contract.ResendRequest{{All: true}, {Sequences: []uint64{1, 2, 3}}} {
				b := newByHand(t)
				for i := range 3 {
					b.bury(letter("a", fmt.Sprint(i)))
				}
				b.sender.OnSend(func(x contract.Trigger) (before, after error) {
					if x.ID == "1-1" {
						return c.fails, nil
					}
					return nil, nil
				})
				answer := b.resend(request)
				if len(answer.Sent) != 1 || len(answer.Failed) != 1 || answer.Failed[0].Sequence != 2 || answer.Failed[0].Code != c.code || answer.Next != 0 {
					t.Errorf("answer is %+v, want one sent, one failed with %s, and no more", answer, c.code)
				}
				if left := b.left(); !reflect.DeepEqual(left, []uint64{2, 3}) {
					t.Errorf("letters %v are left, want 2 and 3", left)
				}
			}
		})
	}
}
