package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/contract"
)

func TestWatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	noError(t, b.Set("old", job("@hourly")))
	b.put(t, "_nodes.n1", []byte(`{}`))
	var got []string
	for change, err := range b.Watch(ctx) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("watch ended with %v", err)
			}
			break
		}
		got = append(got, describe(change))
		switch len(got) {
		case 2:
			noError(t, b.Set("new", job("@daily")))
			b.put(t, "bad", []byte("{"))
			noError(t, b.Pause("old"))
			noError(t, b.Remove("new"))
		case 6:
			cancel()
		}
	}
	want := "[old @hourly synced new @daily bad bad old paused new deleted]"
	if fmt.Sprint(got) != want {
		t.Errorf("changes are %v, want %s", got, want)
	}
}

func describe(c client.Change) string {
	switch {
	case c.Synced:
		return "synced"
	case c.Deleted:
		return c.Key + " deleted"
	case c.Bad != nil:
		return c.Key + " bad"
	case c.Paused:
		return c.Key + " paused"
	}
	return c.Key + " " + c.Jobs[0].Spec
}

// Leaving the loop while changes come in ends the watch (TestMain looks).
func TestWatchIsLeft(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 600 { // more than a watch buffers
		b.put(t, fmt.Sprintf("k%d", i), []byte("{}"))
	}
	for _, err := range b.Watch(limited(t)) {
		noError(t, err)
		break
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	began := time.Now()
	b := setup(t, client.At(func() time.Time { return began })) // heartbeats grow no older
	beat := func(node string, resigned bool) {
		data, err := contract.Encode(contract.Heartbeat{Node: node, Sent: time.Now(), Resigned: resigned})
		noError(t, err)
		b.put(t, contract.NodePrefix+node, data)
	}
	beat("n2", false)
	beat("n1", true)
	beat("n1", false)
	beat("n3", false)
	beat("n3", true)
	b.put(t, contract.NodePrefix+"n4", []byte("garbage"))
	status, err := b.Ping(limited(t))
	noError(t, err)
	if status.Server != "test" || status.Version == "" || status.RTT <= 0 {
		t.Errorf("status is %+v", status)
	}
	if len(status.Nodes) != 2 || status.Nodes[0].Name != "n1" || status.Nodes[1].Name != "n2" {
		t.Errorf("nodes are %+v, want n1 and n2", status.Nodes)
	}
}

func TestPrevComesFromTheCursor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "a", []byte(`{"v":1,"anchor":"2026-01-01T00:00:00Z","jobs":[{"mode":"HTTP","spec":"0 0 1 1 *","option":{"url":"http://a"}},{"mode":"HTTP","spec":"@every 1h","option":{"url":"http://a"}}]}`))
	published := time.Date(2026, 1, 1, 5, 30, 0, 0, time.UTC)
	b.triggers(t, 3, contract.Cursor{Due: published})
	jobs, err := b.Get("a")
	noError(t, err)
	if want := published.Truncate(time.Hour); !jobs[1].State.Prev.Equal(want) || !jobs[0].State.Prev.IsZero() {
		t.Errorf("states are %+v and %+v, want none and %s", jobs[0].State, jobs[1].State, want)
	}
	entries, err := b.Entries(limited(t))
	noError(t, err)
	if !entries[0].Jobs[1].State.Prev.Equal(jobs[1].State.Prev) {
		t.Errorf("entries say %+v", entries[0].Jobs[1].State)
	}
}
