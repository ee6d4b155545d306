package porttest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// read reads a history up to a number.
func read(t *testing.T, s core.JobStore, key string, until uint64) (entries []core.Entry, err error) {
	t.Helper()
	err = s.History(context.Background(), key, until, func(e core.Entry) {
		e.Value = append([]byte(nil), e.Value...)
		entries = append(entries, e)
	})
	return entries, err
}

// newest returns the number of the newest revision of a key, as a watch tells.
func newest(t *testing.T, b Bucket, key string) core.Revision {
	t.Helper()
	r, ok := revisions(watch(t, b.Store).until(synced))[key]
	if !ok {
		t.Fatalf("the watch does not report %q", key)
	}
	return r
}

func historyOfKey(t *testing.T, b Bucket) {
	b.Put("a", []byte(valid))
	b.Put("a", []byte("garbage"))
	b.Put("other", []byte(valid))
	b.Delete("a")
	b.Put("a", []byte(valid))
	last := newest(t, b, "a")
	got, err := read(t, b.Store, "a", last.Number)
	if err != nil || len(got) != 4 {
		t.Fatalf("History = %+v, %v, want 4 revisions", got, err)
	}
	for i := 1; i < len(got); i++ {
		if got[i].Number <= got[i-1].Number {
			t.Errorf("revision %d comes after %d", got[i].Number, got[i-1].Number)
		}
	}
	if got[0].Revision().Bad != nil || string(got[1].Value) != "garbage" || !got[2].Deleted || got[3].Deleted {
		t.Errorf("History = %+v", got)
	}
	if e := got[3].Revision(); e.Key != "a" || e.Number != last.Number || !e.Stored.Equal(last.Stored) || len(e.Schedule.Jobs) != 1 {
		t.Errorf("the last one is %+v, want the same as the watch's %+v", e, last)
	}
}

func historyOfAll(t *testing.T, b Bucket) {
	var got, want []string
	for range 3 {
		for _, key := range []string{"b", "a", "c.d"} {
			b.Put(key, []byte(valid))
			want = append(want, key)
		}
		if err := b.Store.Beat(context.Background(), contract.Heartbeat{Node: "n"}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := read(t, b.Store, "", newest(t, b, "c.d").Number)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("History of all is of %q, want %q", got, want)
	}
}

// vanished: what a watch has reported and the store no longer has is waited
// for, but not for ever. A heartbeat is as good as a revision in the history of
// all, not in that of a key.
func vanished(t *testing.T, b Bucket) {
	b.Put("a", []byte(valid))
	after := newest(t, b, "a").Number + 1
	if got, err := read(t, b.Store, "a", after); !errors.Is(err, core.ErrVanished) || len(got) != 1 {
		t.Errorf("History of a = %v, %v, want its revision and ErrVanished", got, err)
	}
	if got, err := read(t, b.Store, "gone", 1); !errors.Is(err, core.ErrVanished) || len(got) != 0 {
		t.Errorf("History of an unknown key = %v, %v, want ErrVanished", got, err)
	}
	if err := b.Store.Beat(context.Background(), contract.Heartbeat{Node: "n"}); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, b.Store, "", after); err != nil || len(got) != 1 {
		t.Errorf("History of all = %v, %v, want one revision", got, err)
	}
}

// wildcards: what a bucket takes as a key may stand for many keys elsewhere.
func wildcards(t *testing.T, b Bucket) {
	for _, key := range []string{"a", "b", "*", ">", "a.>"} {
		b.Put(key, []byte(valid))
	}
	for _, key := range []string{"*", ">", "a.>"} {
		if got, err := read(t, b.Store, key, 1); !errors.Is(err, core.ErrVanished) || len(got) != 0 {
			t.Errorf("History(%q) = %v, %v, want ErrVanished", key, got, err)
		}
	}
	if r := newest(t, b, "*"); r.Bad == nil {
		t.Error("the key * is not reported as bad")
	}
}

// cutShort: a history that cannot be read whole is an error.
func cutShort(t *testing.T, b Bucket) {
	b.Put("a", []byte(valid))
	until := newest(t, b, "a").Number
	why := errors.New("no patience")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	for _, key := range []string{"a", ""} {
		if err := b.Store.History(ctx, key, until, func(core.Entry) {}); err == nil || errors.Is(err, core.ErrVanished) {
			t.Errorf("History(%q) with a context that has ended = %v, want its error", key, err)
		}
	}
}

func extent(t *testing.T, b Bucket) {
	b.Put("a", []byte(valid))
	b.Put("b", []byte(valid))
	b.Put("b", []byte(valid))
	oldest, count, err := b.Store.Extent(context.Background())
	if a := newest(t, b, "a"); err != nil || oldest > a.Number || count != 3 {
		t.Errorf("Extent = %d, %d, %v, want at most %d, and 3", oldest, count, err, a.Number)
	}
}
