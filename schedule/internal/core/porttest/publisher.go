// Package porttest holds one conformance suite for each port of the core. The
// adapters and the fakes pass the same suites.
package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// PublisherHarness makes publishers to be tested.
type PublisherHarness struct {
	// New returns two publishers on one fresh store with two partitions whose
	// cursors stand at Start, and a function that returns the stored triggers.
	New func(t *testing.T) (a, b core.Publisher, stored func(t *testing.T) []contract.Trigger)
	// Start is the due time of the first cursors.
	Start time.Time
}

// Publisher runs the suite of core.Publisher.
func Publisher(t *testing.T, h PublisherHarness) {
	t.Helper()
	t.Run("first cursors", func(t *testing.T) { t.Parallel(); h.firstCursors(t) })
	t.Run("commit moves the cursor and its fence", func(t *testing.T) { t.Parallel(); h.commit(t) })
	t.Run("stale fence stores nothing", func(t *testing.T) { t.Parallel(); h.staleFence(t) })
	t.Run("partitions do not touch each other", func(t *testing.T) { t.Parallel(); h.partitions(t) })
	t.Run("largest step", func(t *testing.T) { t.Parallel(); h.largest(t) })
	t.Run("rivals never store a trigger twice", func(t *testing.T) { t.Parallel(); h.rivals(t) })
}

func (h PublisherHarness) firstCursors(t *testing.T) {
	a, _, _ := h.New(t)
	for partition := range 2 {
		cursor, fence, err := a.Load(context.Background(), partition)
		if err != nil || !cursor.Due.Equal(h.Start) || fence == 0 {
			t.Errorf("Load(%d) = %+v, %d, %v, want due %s", partition, cursor, fence, err, h.Start)
		}
	}
	if _, _, err := a.Load(context.Background(), 99); !errors.Is(err, core.ErrNoCursor) {
		t.Errorf("Load of a partition without cursor = %v, want ErrNoCursor", err)
	}
}

func trigger(key string, due time.Time) contract.Trigger {
	return contract.Trigger{
		V: contract.Version, ID: contract.OccurrenceID("ns", key, 0, due), Key: key, Mode: contract.ModeHTTP,
		Scheduled: due.UTC(), Due: due.UTC(), Revision: 7, Option: []byte(`{"url":"http://example.test/"}`),
	}
}

func step(due time.Time, triggers ...contract.Trigger) core.Step {
	s := core.Step{Triggers: triggers, Cursor: contract.Cursor{V: contract.Version, Due: due.UTC()}}
	if n := len(triggers); n > 0 {
		s.Cursor.Key, s.Cursor.Scheduled = triggers[n-1].Key, triggers[n-1].Scheduled
	}
	return s
}

func load(t *testing.T, p core.Publisher, partition int) (contract.Cursor, core.Fence) {
	t.Helper()
	cursor, fence, err := p.Load(context.Background(), partition)
	if err != nil {
		t.Fatalf("Load(%d): %v", partition, err)
	}
	return cursor, fence
}

func (h PublisherHarness) commit(t *testing.T) {
	a, b, stored := h.New(t)
	_, fence := load(t, a, 0)
	due := h.Start.Add(time.Second)
	want := []contract.Trigger{trigger("a", due), trigger("b.c", due)}
	next, err := a.Commit(context.Background(), 0, fence, step(due, want...))
	if err != nil {
		t.Fatal(err)
	}
	cursor, seen := load(t, b, 0)
	if seen != next || !cursor.Due.Equal(due) || cursor.Key != "b.c" {
		t.Errorf("after the commit: cursor %+v fence %d, want fence %d at b.c", cursor, seen, next)
	}
	if next, err = a.Commit(context.Background(), 0, next, step(due.Add(time.Second))); err != nil {
		t.Errorf("a step without triggers: %v", err)
	}
	if _, err = a.Commit(context.Background(), 0, next, step(due.Add(2*time.Second), trigger("d", due))); err != nil {
		t.Errorf("commit on the fence of the commit before: %v", err)
	}
	if got := stored(t); fmt.Sprint(got) != fmt.Sprint(append(want, trigger("d", due))) {
		t.Errorf("stored %v", got)
	}
}

func (h PublisherHarness) staleFence(t *testing.T) {
	a, b, stored := h.New(t)
	_, fence := load(t, a, 0)
	due := h.Start.Add(time.Second)
	if _, err := a.Commit(context.Background(), 0, fence, step(due, trigger("a", due))); err != nil {
		t.Fatal(err)
	}
	_, err := b.Commit(context.Background(), 0, fence, step(due, trigger("x", due), trigger("y", due)))
	if !errors.Is(err, core.ErrFenced) {
		t.Errorf("commit on a stale fence = %v, want ErrFenced", err)
	}
	if got := stored(t); len(got) != 1 || got[0].Key != "a" {
		t.Errorf("stored %v, want a's trigger only", got)
	}
}

func (h PublisherHarness) partitions(t *testing.T) {
	a, b, stored := h.New(t)
	_, first := load(t, a, 0)
	_, second := load(t, b, 1)
	due := h.Start.Add(time.Second)
	if _, err := a.Commit(context.Background(), 0, first, step(due, trigger("a", due))); err != nil {
		t.Error(err)
	}
	if _, err := b.Commit(context.Background(), 1, second, step(due, trigger("b", due))); err != nil {
		t.Error(err)
	}
	if got := stored(t); len(got) != 2 {
		t.Errorf("stored %v, want both", got)
	}
}

func (h PublisherHarness) largest(t *testing.T) {
	a, _, stored := h.New(t)
	_, fence := load(t, a, 0)
	due := h.Start.Add(time.Second)
	var triggers []contract.Trigger
	for i := range 500 {
		triggers = append(triggers, trigger(fmt.Sprintf("k%03d", i), due))
	}
	if _, err := a.Commit(context.Background(), 0, fence, step(due, triggers...)); err != nil {
		t.Fatal(err)
	}
	if got := stored(t); len(got) != len(triggers) {
		t.Errorf("stored %d, want %d", len(got), len(triggers))
	}
}

// rivals: both believe they own the partition and publish what the cursor
// says comes next.
func (h PublisherHarness) rivals(t *testing.T) {
	a, b, stored := h.New(t)
	const seconds = 50
	var wg sync.WaitGroup
	for _, p := range []core.Publisher{a, b} {
		wg.Go(func() {
			for {
				cursor, fence, err := p.Load(context.Background(), 0)
				if err != nil {
					t.Errorf("Load: %v", err)
					return
				}
				due := cursor.Due.Add(time.Second)
				if due.After(h.Start.Add(seconds * time.Second)) {
					return
				}
				_, err = p.Commit(context.Background(), 0, fence, step(due, trigger("a", due)))
				if err != nil && !errors.Is(err, core.ErrFenced) && !errors.Is(err, core.ErrBusy) {
					t.Errorf("Commit: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	times := map[time.Time]int{}
	for _, trigger := range stored(t) {
		times[trigger.Due]++
	}
	if len(times) != seconds {
		t.Errorf("%d instants were published, want %d", len(times), seconds)
	}
	for at, n := range times {
		if n != 1 {
			t.Errorf("%s was published %d times", at, n)
		}
	}
}
