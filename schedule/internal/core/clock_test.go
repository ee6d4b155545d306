package core_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/schedule/internal/adapter/mem"
	"github.com/weplanx/workflow/schedule/internal/core"
)

func TestNodeWithAWrongClockStopsAndOthersGoOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		offset time.Duration
		fires  bool
		told   bool
	}{
		{"right", 10 * time.Millisecond, true, false},
		{"a little ahead", 400 * time.Millisecond, true, true},
		{"far ahead", 3 * time.Second, false, true},
		{"far behind", -3 * time.Second, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				c.fill(20, every("@every 1s"))
				wrong := core.New(core.Options{
					Node: "wrong", Namespace: "ns", Partitions: partitions,
					Now: func() time.Time { return time.Now().Add(test.offset) },
				}, c.store, c.pub, c.records, c.monitor)
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan error, 1)
				go func() { done <- wrong.Run(ctx) }()
				time.Sleep(10 * time.Second)
				if err := wrong.Ready(); (err == nil) != test.fires {
					t.Errorf("Ready = %v, want that it is ready: %v", err, test.fires)
				}
				if early := len(c.pub.Stored()); early > 0 && !test.fires {
					t.Errorf("%d triggers were published by the wrong clock", early)
				}
				mine := map[string]bool{}
				c.pub.OnCommit(func(_ int, step core.Step) (error, error) {
					mine[step.Cursor.Node] = true
					return nil, nil
				})
				_, stop := c.start("right")
				time.Sleep(20 * time.Second)
				stop()
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run: %v", err)
				}
				if mine["wrong"] != test.fires || !mine["right"] {
					t.Errorf("%v published, want the wrong one: %v", mine, test.fires)
				}
				told := slices.ContainsFunc(c.monitor.Troubles(), func(s string) bool { return strings.Contains(s, "clock") })
				if told != test.told {
					t.Errorf("troubles %q, want one about the clock: %v", c.monitor.Troubles(), test.told)
				}
			})
		})
	}
}

// slowStore reports this node's heartbeats as if some had been on their way for
// long: the n-th from 0 when slow says so.
type slowStore struct {
	*mem.Store
	slow func(n int) bool
}

func (s slowStore) Watch(ctx context.Context, report func(core.Change)) error {
	n := 0
	return s.Store.Watch(ctx, func(c core.Change) {
		if c.Heartbeat != nil {
			if s.slow(n) {
				c.Stored = c.Stored.Add(1500 * time.Millisecond)
			}
			n++
		}
		report(c)
	})
}

// A heartbeat that was on its way for long says nothing about the clock as long
// as one of the last eight was not; and nothing is known before there are three.
func TestClockIsComparedByTheBestOfEightHeartbeats(t *testing.T) {
	t.Parallel()
	never := func(int) bool { return false }
	for _, test := range []struct {
		name  string
		slow  func(n int) bool
		beats int // that were heard
		want  string
	}{
		{"two", never, 2, "compare its clock"},
		{"three, all sent by a node that does not fire", never, 3, "no heartbeat"},
		{"four", never, 4, ""},
		{"one of eight is in time", func(n int) bool { return n%8 != 0 }, 8, ""},
		{"the one in time is still the eighth from last", func(n int) bool { return n != 8 }, 16, ""},
		{"the one in time is gone", func(n int) bool { return n != 8 }, 17, "behind"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				e, stop := c.startOn("a", slowStore{c.store, test.slow})
				time.Sleep(time.Duration(test.beats-1)*200*time.Millisecond + 100*time.Millisecond)
				err := e.Ready()
				if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("Ready = %v after %d heartbeats, want %q", err, test.beats, test.want)
				}
				stop()
			})
		})
	}
}
