package core_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
