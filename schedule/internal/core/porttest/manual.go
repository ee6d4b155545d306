package porttest

import (
	"errors"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// Schedules runs the suite of core.Schedules on a store that is also what the
// bundle's Put and Delete change.
func Schedules(t *testing.T, fresh func(t *testing.T) (core.Schedules, Bucket)) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, core.Schedules, Bucket)
	}{
		{"latest of what was stored", latest},
		{"latest of what is deleted or bad", latestUnusable},
		{"latest of keys that have none", latestNone},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, b := fresh(t)
			test.run(t, s, b)
		})
	}
}

func latest(t *testing.T, s core.Schedules, b Bucket) {
	var last uint64
	for range 3 {
		b.Put("a", []byte(valid))
		r, err := s.Latest(t.Context(), "a")
		if err != nil || r.Key != "a" || r.Number <= last || r.Stored.IsZero() || r.Deleted || r.Bad != nil || len(r.Schedule.Jobs) != 1 {
			t.Errorf("Latest = %+v, %v, want a revision after %d", r, err, last)
		}
		last = r.Number
	}
}

func latestUnusable(t *testing.T, s core.Schedules, b Bucket) {
	b.Put("gone", []byte(valid))
	b.Delete("gone")
	if r, err := s.Latest(t.Context(), "gone"); err != nil || !r.Deleted || r.Bad != nil || r.Number == 0 {
		t.Errorf("Latest of a deleted key = %+v, %v", r, err)
	}
	b.Put("bad", []byte("garbage"))
	if r, err := s.Latest(t.Context(), "bad"); err != nil || r.Bad == nil || r.Deleted || r.Number == 0 {
		t.Errorf("Latest of a bad entry = %+v, %v", r, err)
	}
}

func latestNone(t *testing.T, s core.Schedules, b Bucket) {
	for _, key := range []string{"a", "*", "a.>"} {
		b.Put(key, []byte(valid))
	}
	for _, key := range []string{"unknown", "", "*", ">", "a.>", "a b"} {
		if r, err := s.Latest(t.Context(), key); !errors.Is(err, core.ErrNoSchedule) {
			t.Errorf("Latest(%q) = %+v, %v, want ErrNoSchedule", key, r, err)
		}
	}
}

// Queue is a fresh sender and the end of its queue.
type Queue struct {
	Sender core.Sender
	Take   func(t *testing.T) []contract.Trigger // removes what is in it, as workers do
}

// Sender runs the suite of core.Sender.
func Sender(t *testing.T, fresh func(t *testing.T) Queue) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, Queue)
	}{
		{"what is sent is stored whole", sendStores},
		{"the same ID is stored once", sendOnce},
		{"waiting until it is taken", waiting},
		{"waiting tells triggers apart", waitingApart},
	} {
		t.Run(test.name, func(t *testing.T) { t.Parallel(); test.run(t, fresh(t)) })
	}
}

func send(t *testing.T, s core.Sender, trigger contract.Trigger) {
	t.Helper()
	if err := s.Send(t.Context(), trigger); err != nil {
		t.Fatalf("Send(%s): %v", trigger.ID, err)
	}
}

func byHand(id string) contract.Trigger {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	want := trigger("a/b.c", at)
	want.ID, want.Origin, want.Attempts, want.Overlap = id, "5f", 3, contract.OverlapSkip
	return want
}

func sendStores(t *testing.T, q Queue) {
	want := byHand("run-1")
	send(t, q.Sender, want)
	got := q.Take(t)
	if len(got) != 1 || got[0].ID != want.ID || got[0].Key != want.Key || got[0].Mode != want.Mode || !got[0].Due.Equal(want.Due) ||
		got[0].Origin != want.Origin || got[0].Attempts != 3 || got[0].Overlap != want.Overlap || string(got[0].Option) != string(want.Option) {
		t.Errorf("stored %+v, want %+v", got, want)
	}
}

func sendOnce(t *testing.T, q Queue) {
	first, again := byHand("run-1"), byHand("run-1")
	again.Due = again.Due.Add(time.Second)
	send(t, q.Sender, first)
	send(t, q.Sender, again)
	if got := q.Take(t); len(got) != 1 || !got[0].Due.Equal(first.Due) {
		t.Errorf("stored %+v, want the first alone", got)
	}
	send(t, q.Sender, again)
	if got := q.Take(t); len(got) != 0 {
		t.Errorf("stored %+v again after it was taken", got)
	}
}

// long is how far the timestamps of the store are from an instant of the test at
// most.
const long = time.Hour

func isWaiting(t *testing.T, q Queue, trigger contract.Trigger, since time.Time, want bool) {
	t.Helper()
	if got, err := q.Sender.Waiting(t.Context(), trigger, since); err != nil || got != want {
		t.Errorf("Waiting(%s, %s) = %v, %v, want %v", trigger.ID, since, got, err, want)
	}
}

func waiting(t *testing.T, q Queue) {
	trigger, before := byHand("run-1"), time.Now().Add(-long)
	isWaiting(t, q, trigger, before, false)
	for _, id := range []string{"run-0", "run-1", "run-2"} {
		send(t, q.Sender, byHand(id))
	}
	isWaiting(t, q, trigger, before, true)
	isWaiting(t, q, trigger, time.Now().Add(long), false)
	q.Take(t)
	isWaiting(t, q, trigger, before, false)
}

func waitingApart(t *testing.T, q Queue) {
	before := time.Now().Add(-long)
	send(t, q.Sender, byHand("run-1"))
	for name, change := range map[string]func(*contract.Trigger){
		"ID":   func(x *contract.Trigger) { x.ID = "run-2" },
		"key":  func(x *contract.Trigger) { x.Key = "a/b" },
		"mode": func(x *contract.Trigger) { x.Mode = contract.ModeNATS },
	} {
		t.Run(name, func(t *testing.T) {
			other := byHand("run-1")
			change(&other)
			isWaiting(t, q, other, before, false)
		})
	}
}

// Graveyard is a fresh stream of dead letters.
type Graveyard struct {
	Letters core.Letters
	Put     func(t *testing.T, key string, data []byte) (sequence uint64)
}

// Letters runs the suite of core.Letters.
func Letters(t *testing.T, fresh func(t *testing.T) Graveyard) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, Graveyard)
	}{
		{"next of any and of one key", nextLetter},
		{"letters that cannot be read", badLetter},
		{"remove exactly one, twice", removeLetter},
		{"last", lastLetter},
	} {
		t.Run(test.name, func(t *testing.T) { t.Parallel(); test.run(t, fresh(t)) })
	}
}

func (g Graveyard) put(t *testing.T, key, id string) uint64 {
	t.Helper()
	data, err := contract.Encode(contract.Dead{ID: id, Key: key, Outcome: contract.OutcomeDead})
	if err != nil {
		t.Fatal(err)
	}
	return g.Put(t, key, data)
}

// next wants a letter with this ID, or none.
func (g Graveyard) next(t *testing.T, key string, sequence uint64, want string) core.Letter {
	t.Helper()
	l, err := g.Letters.Next(t.Context(), key, sequence)
	switch {
	case want == "" && !errors.Is(err, core.ErrNoLetter):
		t.Errorf("Next(%q, %d) = %+v, %v, want ErrNoLetter", key, sequence, l, err)
	case want != "" && (err != nil || l.Dead.ID != want || l.Bad != nil || l.Stored.IsZero() || l.Key != l.Dead.Key || l.Sequence < sequence):
		t.Errorf("Next(%q, %d) = %+v, %v, want %s", key, sequence, l, err, want)
	}
	return l
}

func nextLetter(t *testing.T, g Graveyard) {
	g.next(t, "", 0, "")
	g.next(t, "a", 1, "")
	first := g.put(t, "a", "1")
	second := g.put(t, "b.c/d", "2")
	third := g.put(t, "a", "3")
	g.next(t, "", 0, "1")
	g.next(t, "", first, "1")
	g.next(t, "", first+1, "2")
	g.next(t, "a", first+1, "3")
	g.next(t, "b.c/d", 0, "2")
	g.next(t, "b.c/d", second+1, "")
	g.next(t, "b", 0, "")
	g.next(t, "", third+1, "")
}

func badLetter(t *testing.T, g Graveyard) {
	sequence := g.Put(t, "a", []byte("garbage"))
	g.put(t, "a", "2")
	l, err := g.Letters.Next(t.Context(), "a", 0)
	if err != nil || l.Bad == nil || l.Sequence != sequence || l.Key != "a" {
		t.Errorf("Next = %+v, %v, want a bad letter", l, err)
	}
	g.next(t, "a", sequence+1, "2")
}

func removeLetter(t *testing.T, g Graveyard) {
	g.put(t, "a", "1")
	second := g.put(t, "a", "2")
	g.put(t, "a", "3")
	for range 2 {
		if err := g.Letters.Remove(t.Context(), second); err != nil {
			t.Errorf("Remove: %v", err)
		}
	}
	if err := g.Letters.Remove(t.Context(), second+100); err != nil {
		t.Errorf("Remove of one that never was: %v", err)
	}
	first := g.next(t, "", 0, "1")
	g.next(t, "", first.Sequence+1, "3")
}

func lastLetter(t *testing.T, g Graveyard) {
	if last, err := g.Letters.Last(t.Context()); err != nil || last != 0 {
		t.Errorf("Last = %d, %v of an empty stream", last, err)
	}
	g.put(t, "a", "1")
	second := g.put(t, "b", "2")
	for range 2 {
		if last, err := g.Letters.Last(t.Context()); err != nil || last != second {
			t.Errorf("Last = %d, %v, want %d", last, err, second)
		}
		if err := g.Letters.Remove(t.Context(), second); err != nil {
			t.Fatal(err)
		}
	}
}
