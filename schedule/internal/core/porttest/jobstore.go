package porttest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// Bucket is a fresh job store and what an application does to it.
type Bucket struct {
	Store  core.JobStore
	Put    func(key string, value []byte)
	Delete func(key string)
}

// JobStore runs the suite of core.JobStore.
func JobStore(t *testing.T, fresh func(t *testing.T) Bucket) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, Bucket)
	}{
		{"reports what was stored before, then synced", storedBefore},
		{"reports changes in order", changes},
		{"a bad value does not end the watch", badValues},
		{"heartbeats come in the order of writing", heartbeats},
		{"watch ends with its context", watchEnds},
		{"history of a key, in the order of writing", historyOfKey},
		{"history of all keys, in the order of writing", historyOfAll},
		{"history that has vanished", vanished},
		{"history of keys that are wildcards", wildcards},
		{"a history cut short is an error", cutShort},
		{"extent", extent},
	} {
		t.Run(test.name, func(t *testing.T) { t.Parallel(); test.run(t, fresh(t)) })
	}
}

const patience = time.Minute

// watched collects what a watch reports.
type watched struct {
	t      *testing.T
	mu     sync.Mutex
	all    []core.Change
	signal chan struct{}
	ended  chan error
}

func watch(t *testing.T, s core.JobStore) *watched {
	t.Helper()
	w := &watched{t: t, signal: make(chan struct{}, 1), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.ended <- s.Watch(ctx, w.report)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return w
}

func (w *watched) report(c core.Change) {
	w.mu.Lock()
	w.all = append(w.all, c)
	w.mu.Unlock()
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

// until blocks until the reports satisfy ok and returns them.
func (w *watched) until(ok func([]core.Change) bool) []core.Change {
	w.t.Helper()
	limit := time.After(patience)
	for {
		w.mu.Lock()
		all := append([]core.Change(nil), w.all...)
		w.mu.Unlock()
		if ok(all) {
			return all
		}
		select {
		case <-w.signal:
		case err := <-w.ended:
			w.t.Fatalf("the watch ended: %v", err)
		case <-limit:
			w.t.Fatalf("not reported within %s; have %d changes", patience, len(all))
		}
	}
}

func synced(all []core.Change) bool {
	for _, c := range all {
		if c.Synced {
			return true
		}
	}
	return false
}

// revisions returns the newest revision of each key.
func revisions(all []core.Change) map[string]core.Revision {
	found := map[string]core.Revision{}
	for _, c := range all {
		if c.Revision != nil {
			found[c.Revision.Key] = *c.Revision
		}
	}
	return found
}

const valid = `{"v":1,"jobs":[{"mode":"HTTP","spec":"@every 1s","option":{"url":"http://example.test/"}}]}`

func storedBefore(t *testing.T, b Bucket) {
	b.Put("a", []byte(valid))
	b.Put("b.c/d=e", []byte(valid))
	b.Put("gone", []byte(valid))
	b.Delete("gone")
	all := watch(t, b.Store).until(synced)
	if !all[len(all)-1].Synced {
		t.Error("something came between what was stored and synced")
	}
	found := revisions(all)
	a := found["a"]
	if len(found) != 3 || a.Bad != nil || a.Number == 0 || a.Stored.IsZero() || len(a.Schedule.Jobs) != 1 {
		t.Errorf("reported %+v", found)
	}
	if gone := found["gone"]; !gone.Deleted || gone.Bad != nil {
		t.Errorf("the deleted key is reported as %+v", gone)
	}
}

func changes(t *testing.T, b Bucket) {
	w := watch(t, b.Store)
	w.until(synced)
	b.Put("a", []byte(valid))
	b.Put("a", []byte(valid))
	b.Delete("a")
	all := w.until(func(all []core.Change) bool { return revisions(all)["a"].Deleted })
	var last core.Revision
	for _, c := range all {
		if c.Revision == nil {
			continue
		}
		if c.Revision.Number <= last.Number || c.Revision.Stored.Before(last.Stored) || !c.Stored.Equal(c.Revision.Stored) {
			t.Errorf("revision %+v came after %+v", c.Revision, last)
		}
		last = *c.Revision
	}
}

func badValues(t *testing.T, b Bucket) {
	w := watch(t, b.Store)
	w.until(synced)
	values := []string{"", "null", "[]", "\xff\xfe", `{"v":1}`, `{"v":2,"jobs":[]}`, `{"v":1,"jobs":[{"mode":"HTTP","spec":"TZ=0","option":{"url":"http://h/"}}]}`}
	for _, v := range values {
		b.Put("bad", []byte(v))
	}
	b.Put("good", []byte(valid))
	all := w.until(func(all []core.Change) bool { _, ok := revisions(all)["good"]; return ok })
	bad := 0
	for _, c := range all {
		if c.Revision != nil && c.Revision.Bad != nil {
			bad++
		}
	}
	if bad != len(values) {
		t.Errorf("%d bad entries were reported, want %d", bad, len(values))
	}
}

func heartbeats(t *testing.T, b Bucket) {
	w := watch(t, b.Store)
	w.until(synced)
	for i := range 3 {
		b.Put("a", []byte(valid))
		if err := b.Store.Beat(context.Background(), contract.Heartbeat{Node: "n", Resigned: i == 2}); err != nil {
			t.Fatal(err)
		}
	}
	all := w.until(func(all []core.Change) bool {
		return len(all) > 0 && all[len(all)-1].Heartbeat != nil && all[len(all)-1].Heartbeat.Resigned
	})
	var order string
	for _, c := range all {
		switch {
		case c.Revision != nil:
			order += "r"
		case c.Heartbeat != nil:
			order += "h"
			if c.Heartbeat.Node != "n" || c.Stored.IsZero() {
				t.Errorf("heartbeat %+v", c)
			}
		}
	}
	if order != "rhrhrh" {
		t.Errorf("order of reports %q, want rhrhrh", order)
	}
}

func watchEnds(t *testing.T, b Bucket) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- b.Store.Watch(ctx, func(c core.Change) {
			if c.Synced {
				cancel()
			}
		})
	}()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Watch = %v, want the context's error", err)
		}
	case <-time.After(patience):
		t.Error("Watch did not return")
	}
}
