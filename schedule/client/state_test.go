package client

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// clock returns an instant of one day; ms may be beyond the second.
func clock(hour, minute, second, ms int) time.Time {
	return time.Date(2026, 3, 2, hour, minute, second, ms*1e6, time.UTC)
}

// jittery is delayed by up to 50 s.
var jittery = common.Job{Jitter: common.Duration(50 * time.Second)}

func gap(from, to time.Time) contract.Gap { return contract.Gap{From: from, To: to} }

// before makes a cursor that of a namespace which had three partitions before;
// that of key "k" had published its job 0 up to due, the others were far ahead.
func before(c *contract.Cursor, due time.Time) *contract.Cursor {
	c.Before = &contract.Before{Cursors: make([]contract.Position, 3)}
	for i := range c.Before.Cursors {
		c.Before.Cursors[i] = contract.Position{Due: clock(20, 0, 0, 0)}
	}
	c.Before.Cursors[contract.Partition("k", 3)] = contract.Position{Due: due, Key: "k", Scheduled: due}
	return c
}

// catching makes a cursor one that catches up to until and has passed job 0 of
// the key.
func catching(c *contract.Cursor, until time.Time, key string) *contract.Cursor {
	c.CatchUp = &contract.CatchUp{Until: until, Key: key}
	return c
}

func TestState(t *testing.T) {
	t.Parallel()
	const key = "k"
	var zero time.Time
	set := clock(10, 0, 0, 0) // when the jobs were stored, where a case does not say otherwise
	at := func(due time.Time) *contract.Cursor { return &contract.Cursor{Due: due} }
	cases := map[string]struct {
		spec   string
		job    common.Job // beside its spec
		stored time.Time  // zero: set
		anchor time.Time
		paused bool
		gaps   []contract.Gap
		index  int
		cursor *contract.Cursor
		now    time.Time
		next   time.Time
		prev   time.Time
	}{
		"nothing ran yet": {
			spec: "@every 15s", now: clock(10, 1, 0, 1), next: clock(10, 1, 15, 0),
		},
		"cursor before the schedule": {
			spec: "@every 15s", cursor: at(clock(9, 0, 0, 0)), now: clock(10, 0, 50, 0), next: clock(10, 1, 0, 0),
		},
		"fired": {
			spec: "@every 15s", cursor: at(clock(10, 0, 31, 0)), now: clock(10, 0, 31, 0),
			next: clock(10, 0, 45, 0), prev: clock(10, 0, 30, 0),
		},
		"scheduler is behind": {
			spec: "@every 15s", cursor: at(clock(10, 0, 16, 0)), now: clock(10, 5, 1, 0),
			next: clock(10, 5, 15, 0), prev: clock(10, 0, 15, 0),
		},
		"published ahead is not fired": {
			spec: "@every 15s", cursor: at(clock(10, 0, 30, 1)), now: clock(10, 0, 29, 500),
			next: clock(10, 0, 30, 0), prev: clock(10, 0, 15, 0),
		},
		"at the instant itself": {
			spec: "@every 15s", cursor: at(clock(10, 0, 30, 1)), now: clock(10, 0, 30, 0),
			next: clock(10, 0, 45, 0), prev: clock(10, 0, 30, 0),
		},
		"clock behind the server's": {
			spec: "@every 15s", cursor: at(clock(9, 59, 0, 0)), now: clock(9, 59, 30, 0), next: clock(10, 0, 15, 0),
		},
		"cursor at another key before": {
			spec: "* * * * *", cursor: &contract.Cursor{Due: clock(10, 5, 0, 0), Key: "j", Scheduled: clock(10, 5, 0, 0)}, now: clock(10, 5, 1, 0),
			next: clock(10, 6, 0, 0), prev: clock(10, 4, 0, 0),
		},
		"cursor at another key behind": {
			spec: "* * * * *", cursor: &contract.Cursor{Due: clock(10, 5, 0, 0), Key: "l", Scheduled: clock(10, 5, 0, 0)}, now: clock(10, 5, 1, 0),
			next: clock(10, 6, 0, 0), prev: clock(10, 5, 0, 0),
		},
		"cursor at the job before": {
			spec: "* * * * *", index: 1, cursor: &contract.Cursor{Due: clock(10, 5, 0, 0), Key: key, Index: 0, Scheduled: clock(10, 5, 0, 0)},
			now: clock(10, 5, 1, 0), next: clock(10, 6, 0, 0), prev: clock(10, 4, 0, 0),
		},
		"cursor at the job itself": {
			spec: "* * * * *", index: 1, cursor: &contract.Cursor{Due: clock(10, 5, 0, 0), Key: key, Index: 1, Scheduled: clock(10, 5, 0, 0)},
			now: clock(10, 5, 1, 0), next: clock(10, 6, 0, 0), prev: clock(10, 5, 0, 0),
		},
		"inside the delay: due at its end": {
			spec: "* * * * * *", cursor: at(clock(10, 0, 2, 400)), now: clock(10, 0, 2, 400), next: clock(10, 0, 3, 0),
		},
		"at the end of the delay": {
			spec: "* * * * * *", cursor: at(clock(10, 0, 2, 501)), now: clock(10, 0, 2, 500),
			next: clock(10, 0, 3, 0), prev: clock(10, 0, 2, 0),
		},
		"in the midst of what is due at the end of the delay": {
			spec: "* * * * * *", cursor: &contract.Cursor{Due: clock(10, 0, 2, 500), Key: key, Scheduled: clock(10, 0, 1, 0)},
			now: clock(10, 0, 2, 900), next: clock(10, 0, 3, 0), prev: clock(10, 0, 1, 0),
		},
		"cron before the jobs were set is not ours": {
			spec: "@hourly", cursor: at(clock(10, 30, 0, 0)), now: clock(10, 30, 0, 0), next: clock(11, 0, 0, 0), prev: zero,
		},
		"once, gone": {
			spec: "@at 2026-03-02T10:00:30Z", cursor: at(clock(11, 0, 0, 0)), now: clock(11, 0, 0, 0), prev: clock(10, 0, 30, 0),
		},
		"catch-up has passed the job": {
			spec: "* * * * *", cursor: &contract.Cursor{Due: clock(10, 1, 0, 0), Key: "z", CatchUp: &contract.CatchUp{Until: clock(10, 30, 0, 0), Key: key}},
			now: clock(10, 30, 30, 0), next: clock(10, 31, 0, 0), prev: clock(10, 30, 0, 0),
		},
		"catch-up has not come to the job": {
			spec: "* * * * *", cursor: &contract.Cursor{Due: clock(10, 1, 0, 0), Key: "z", CatchUp: &contract.CatchUp{Until: clock(10, 30, 0, 0), Key: "j", Index: 9}},
			now: clock(10, 30, 30, 0), next: clock(10, 31, 0, 0), prev: clock(10, 1, 0, 0),
		},
		"catch-up has passed the job, up to where the cursor stands": {
			spec: "* * * * *", cursor: &contract.Cursor{Due: clock(10, 30, 0, 0), Key: "a", CatchUp: &contract.CatchUp{Until: clock(10, 30, 0, 0), Key: key}},
			now: clock(10, 30, 30, 0), next: clock(10, 31, 0, 0), prev: clock(10, 30, 0, 0),
		},
		"partitions changed: the key's former one was further": {
			spec: "* * * * *", cursor: before(at(clock(9, 0, 0, 0)), clock(10, 5, 30, 0)),
			now: clock(10, 6, 30, 0), next: clock(10, 7, 0, 0), prev: clock(10, 5, 0, 0),
		},
		"partitions changed: the former one stood at the job before": {
			spec: "* * * * *", index: 1, cursor: before(at(clock(9, 0, 0, 0)), clock(10, 5, 0, 0)),
			now: clock(10, 6, 30, 0), next: clock(10, 7, 0, 0), prev: clock(10, 4, 0, 0),
		},
		"partitions changed: the present one has passed the former": {
			spec: "* * * * *", cursor: before(at(clock(10, 6, 1, 0)), clock(10, 5, 30, 0)),
			now: clock(10, 6, 30, 0), next: clock(10, 7, 0, 0), prev: clock(10, 6, 0, 0),
		},
		"partitions changed: a catch-up has passed the job": {
			spec:   "* * * * *",
			cursor: catching(before(at(clock(9, 0, 0, 0)), clock(10, 5, 30, 0)), clock(10, 10, 0, 0), key),
			now:    clock(10, 10, 30, 0), next: clock(10, 11, 0, 0), prev: clock(10, 10, 0, 0),
		},
		"partitions changed: a catch-up to before the former position": {
			spec:   "* * * * *",
			cursor: catching(before(at(clock(9, 0, 0, 0)), clock(10, 5, 30, 0)), clock(10, 2, 0, 0), key),
			now:    clock(10, 10, 30, 0), next: clock(10, 11, 0, 0), prev: clock(10, 5, 0, 0),
		},
		"paused: no next, prev before the pause": {
			spec: "@every 15s", stored: clock(10, 1, 0, 0), anchor: set, paused: true,
			cursor: at(clock(12, 0, 0, 0)), now: clock(12, 0, 0, 0), prev: clock(10, 1, 0, 0),
		},
		"paused: fired within the delay": {
			spec: "* * * * * *", stored: clock(10, 1, 0, 0), anchor: set, paused: true,
			cursor: at(clock(12, 0, 0, 0)), now: clock(12, 0, 0, 0), prev: clock(10, 1, 2, 0),
		},
		"paused: the end of the delay is not fired": {
			spec: "* * * * * *", stored: clock(10, 0, 59, 500), anchor: set, paused: true,
			cursor: at(clock(12, 0, 0, 0)), now: clock(12, 0, 0, 0), prev: clock(10, 1, 1, 0),
		},
		"stored paused, never fired": {
			spec: "* * * * * *", paused: true, cursor: at(clock(12, 0, 0, 0)), now: clock(12, 0, 0, 0),
		},
		"resumed: nothing in the gap": {
			spec: "@every 15s", stored: clock(11, 0, 5, 0), anchor: set, gaps: []contract.Gap{gap(clock(10, 1, 1, 0), zero)},
			cursor: at(clock(11, 0, 10, 0)), now: clock(11, 0, 10, 0), next: clock(11, 0, 15, 0), prev: clock(10, 1, 0, 0),
		},
		"resumed: fired again": {
			spec: "@every 15s", stored: clock(11, 0, 5, 0), anchor: set, gaps: []contract.Gap{gap(clock(10, 1, 1, 0), zero)},
			cursor: at(clock(11, 0, 16, 0)), now: clock(11, 0, 16, 0), next: clock(11, 0, 30, 0), prev: clock(11, 0, 15, 0),
		},
		"resumed: inside the delay": {
			spec: "* * * * * *", stored: clock(11, 0, 0, 0), anchor: set, gaps: []contract.Gap{gap(clock(10, 1, 0, 0), zero)},
			cursor: at(clock(11, 0, 2, 0)), now: clock(11, 0, 2, 0), next: clock(11, 0, 3, 0), prev: clock(10, 1, 2, 0),
		},
		"resumed: after the delay": {
			spec: "* * * * * *", stored: clock(11, 0, 0, 0), anchor: set, gaps: []contract.Gap{gap(clock(10, 1, 0, 0), zero)},
			cursor: at(clock(11, 0, 2, 501)), now: clock(11, 0, 2, 600), next: clock(11, 0, 3, 0), prev: clock(11, 0, 2, 0),
		},
		"resumed before the pause took effect": {
			spec: "* * * * * *", stored: clock(10, 1, 1, 0), anchor: set, gaps: []contract.Gap{gap(clock(10, 1, 0, 0), zero)},
			cursor: at(clock(10, 1, 3, 400)), now: clock(10, 1, 3, 400), next: clock(10, 1, 4, 0), prev: clock(10, 1, 2, 0),
		},
		"two gaps, paused again": {
			spec: "@every 1m", stored: clock(13, 0, 0, 0), anchor: set, paused: true,
			gaps:   []contract.Gap{gap(clock(10, 1, 30, 0), clock(11, 0, 0, 0)), gap(clock(11, 0, 30, 0), clock(12, 59, 30, 0))},
			cursor: at(clock(14, 0, 0, 0)), now: clock(14, 0, 0, 0), prev: clock(13, 0, 0, 0),
		},
		"two gaps, nothing in between": {
			spec: "@every 1h", stored: clock(10, 50, 0, 0), anchor: set,
			gaps:   []contract.Gap{gap(clock(10, 10, 0, 0), clock(10, 20, 0, 0)), gap(clock(10, 30, 0, 0), zero)},
			cursor: at(clock(10, 55, 0, 0)), now: clock(10, 55, 0, 0), next: clock(11, 0, 0, 0),
		},
		"before its start": {
			spec: "* * * * *", job: common.Job{Start: clock(10, 30, 0, 0)}, cursor: at(clock(10, 10, 0, 0)), now: clock(10, 10, 0, 0),
			next: clock(10, 30, 0, 0),
		},
		"within its bounds": {
			spec: "* * * * *", job: common.Job{Start: clock(10, 30, 0, 0), End: clock(10, 31, 0, 0)}, cursor: at(clock(10, 30, 1, 0)),
			now: clock(10, 30, 1, 0), next: clock(10, 31, 0, 0), prev: clock(10, 30, 0, 0),
		},
		"after its end": {
			spec: "* * * * *", job: common.Job{End: clock(10, 31, 0, 0)}, cursor: at(clock(12, 0, 0, 0)), now: clock(12, 0, 0, 0),
			prev: clock(10, 31, 0, 0),
		},
		"jitter: not yet due": { // 10:01 is due at 10:01:23.5 and 10:02 at 10:02:00.6
			spec: "* * * * *", job: jittery, cursor: at(clock(10, 1, 24, 0)), now: clock(10, 1, 23, 0), next: clock(10, 2, 0, 0),
		},
		"jitter: due, but not published": {
			spec: "* * * * *", job: jittery, cursor: at(clock(10, 1, 23, 0)), now: clock(10, 1, 24, 0), next: clock(10, 2, 0, 0),
		},
		"jitter: due and published": {
			spec: "* * * * *", job: jittery, cursor: at(clock(10, 1, 24, 0)), now: clock(10, 1, 24, 0), next: clock(10, 2, 0, 0), prev: clock(10, 1, 0, 0),
		},
		"jitter: due after a pause began": {
			spec: "* * * * *", job: jittery, stored: clock(10, 1, 20, 0), anchor: set, paused: true, // holds from 10:01:22.5
			cursor: at(clock(12, 0, 0, 0)), now: clock(12, 0, 0, 0),
		},
		"jitter: due before a pause began": {
			spec: "* * * * *", job: jittery, stored: clock(10, 1, 22, 0), anchor: set, paused: true,
			cursor: at(clock(12, 0, 0, 0)), now: clock(12, 0, 0, 0), prev: clock(10, 1, 0, 0),
		},
		"jitter: delayed into a pause that is over": {
			spec: "* * * * *", job: jittery, stored: clock(10, 1, 22, 0), anchor: set, gaps: []contract.Gap{gap(clock(10, 1, 20, 0), zero)},
			cursor: at(clock(10, 1, 59, 0)), now: clock(10, 1, 59, 0), next: clock(10, 2, 0, 0),
		},
		"fixed time in the gap": {
			spec: "TZ=Europe/Berlin 30 2 29 3 *", cursor: at(clock(10, 0, 0, 0).AddDate(0, 0, 27)), now: clock(10, 0, 0, 0).AddDate(0, 0, 27),
			next: clock(0, 30, 0, 0).AddDate(1, 0, 27), prev: clock(1, 0, 0, 0).AddDate(0, 0, 27),
		},
		"fixed time in the gap is skipped": {
			spec: "TZ=Europe/Berlin 30 2 29 3 *", job: common.Job{DST: common.DST{Gap: common.GapSkip}},
			cursor: at(clock(10, 0, 0, 0).AddDate(0, 0, 27)), now: clock(10, 0, 0, 0).AddDate(0, 0, 27), next: clock(0, 30, 0, 0).AddDate(1, 0, 27),
		},
		"not run, but recorded as missed": {
			spec: "* * * * *", job: common.Job{Misfire: common.Misfire{Policy: common.MisfireSkip}},
			cursor: &contract.Cursor{Due: clock(10, 1, 0, 0), Key: "z", CatchUp: &contract.CatchUp{Until: clock(10, 30, 0, 0), Key: key}},
			now:    clock(10, 30, 30, 0), next: clock(10, 31, 0, 0), prev: clock(10, 30, 0, 0),
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.stored.IsZero() {
				c.stored = set
			}
			jobs := make([]common.Job, c.index+1)
			jobs[c.index] = c.job
			jobs[c.index].Spec = c.spec
			v := stored{key: key, time: c.stored, schedule: contract.Schedule{Jobs: jobs, Anchor: c.anchor, Paused: c.paused, Gaps: c.gaps}}
			got := v.state("ns", c.index, c.cursor, c.now)
			if !got.Next.Equal(c.next) {
				t.Errorf("next is %s, want %s", got.Next, c.next)
			}
			if !got.Prev.Equal(c.prev) {
				t.Errorf("prev is %s, want %s", got.Prev, c.prev)
			}
		})
	}
}

func TestStateOfJobThatCannotBeParsed(t *testing.T) {
	t.Parallel()
	v := stored{schedule: contract.Schedule{Jobs: []common.Job{{Spec: "never"}}}}
	if got := v.state("ns", 0, nil, clock(10, 0, 0, 0)); got != (common.State{}) {
		t.Errorf("state is %+v", got)
	}
}
