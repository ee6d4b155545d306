package client

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// rev is a revision that was stored at an instant; without jobs it was removed.
func rev(number uint64, at time.Time, jobs ...common.Job) *stored {
	return &stored{key: "k", revision: number, time: at, deleted: len(jobs) == 0, schedule: contract.Schedule{Jobs: jobs}}
}

func every(text string) common.Job { return common.Job{Spec: text} }

func demandOf(revisions ...*stored) *demand {
	d := &demand{namespace: "ns", key: "k"}
	for _, r := range revisions {
		d.add(r)
	}
	return d
}

// demanded lists the occurrences of all jobs, "index nominal/due", due in
// (since, until].
func demanded(d *demand, since, until time.Time) string {
	const form = "04:05.0"
	var all []string
	for index := range d.jobs() {
		f := feed{demand: d, index: index, since: since}
		for o, ok := f.next(until); ok; o, ok = f.next(until) {
			text := fmt.Sprintf("%d %s", index, o.nominal.Format(form))
			if !o.due.Equal(o.nominal) {
				text += "/" + o.due.Format(form)
			}
			all = append(all, text)
		}
	}
	return strings.Join(all, ", ")
}

func TestDemand(t *testing.T) {
	t.Parallel()
	set := clock(10, 0, 0, 0)
	paused := rev(2, clock(10, 0, 30, 0), every("@every 10s"))
	paused.schedule.Paused, paused.schedule.Anchor = true, set
	resumed := rev(3, clock(10, 0, 55, 0), every("@every 10s"))
	resumed.schedule.Anchor = set
	bad := rev(2, clock(10, 0, 20, 0), every("x"))
	bad.bad = &BadEntryError{}
	slow := common.Job{Spec: "* * * * *", Jitter: common.Duration(50 * time.Second)} // 10:01 at 10:01:23.5
	cases := map[string]struct {
		revisions    []*stored
		since, until time.Time
		want         string
	}{
		"nothing": {nil, set, clock(11, 0, 0, 0), ""},
		"every":   {[]*stored{rev(1, set, every("@every 15s"))}, time.Time{}, clock(10, 0, 45, 0), "0 00:15.0, 0 00:30.0, 0 00:45.0"},
		"since is left out, until is not": {
			[]*stored{rev(1, set, every("@every 15s"))}, clock(10, 0, 15, 0), clock(10, 0, 30, 0), "0 00:30.0",
		},
		"inside the delay": {
			[]*stored{rev(1, set, every("* * * * * *"))}, time.Time{}, clock(10, 0, 3, 0), "0 00:01.0/00:02.5, 0 00:02.0/00:02.5, 0 00:03.0",
		},
		"two jobs": {
			[]*stored{rev(1, set, every("@every 15s"), every("@every 20s"))}, time.Time{}, clock(10, 0, 30, 0), "0 00:15.0, 0 00:30.0, 1 00:20.0",
		},
		"changed: the one before holds on": {
			[]*stored{rev(1, set, every("*/2 * * * * *")), rev(2, clock(10, 0, 10, 500), every("* * * * * *"))},
			clock(10, 0, 9, 0), clock(10, 0, 14, 0),
			"0 00:10.0, 0 00:12.0, 0 00:11.0/00:13.0, 0 00:13.0, 0 00:14.0",
		},
		"stored again: nothing is repeated": {
			[]*stored{rev(1, set, every("* * * * * *")), rev(2, clock(10, 0, 10, 500), every("* * * * * *"))},
			clock(10, 0, 10, 0), clock(10, 0, 14, 0),
			"0 00:11.0, 0 00:12.0, 0 00:13.0, 0 00:14.0",
		},
		"stored thrice within the delay": {
			[]*stored{
				rev(1, set, every("* * * * * *")), rev(2, clock(10, 0, 10, 500), every("*/2 * * * * *")),
				rev(3, clock(10, 0, 11, 500), every("* * * * * *")),
			},
			clock(10, 0, 10, 0), clock(10, 0, 15, 0),
			"0 00:11.0, 0 00:12.0, 0 00:13.0/00:14.0, 0 00:14.0, 0 00:15.0",
		},
		"removed": {
			[]*stored{rev(1, set, every("* * * * * *")), rev(2, clock(10, 0, 10, 0))},
			clock(10, 0, 10, 0), clock(11, 0, 0, 0),
			"0 00:11.0, 0 00:12.0",
		},
		"removed and stored again": {
			[]*stored{rev(1, set, every("@every 10s")), rev(2, clock(10, 0, 15, 0)), rev(3, clock(10, 0, 25, 0), every("@every 10s"))},
			time.Time{},
			clock(10, 0, 45, 0), "0 00:10.0, 0 00:35.0, 0 00:45.0",
		},
		"bad": {
			[]*stored{rev(1, set, every("@every 10s")), bad, rev(3, clock(10, 0, 50, 0), every("@every 10s"))},
			time.Time{},
			clock(10, 1, 0, 0),
			"0 00:10.0, 0 00:20.0, 0 01:00.0",
		},
		"paused and resumed": {
			[]*stored{rev(1, set, every("@every 10s")), paused, resumed},
			time.Time{},
			clock(10, 1, 10, 0),
			"0 00:10.0, 0 00:20.0, 0 00:30.0, 0 01:00.0, 0 01:10.0",
		},
		"bounds": {
			[]*stored{rev(1, set, common.Job{Spec: "@every 10s", Start: clock(10, 0, 20, 0), End: clock(10, 0, 30, 0)})},
			time.Time{},
			clock(11, 0, 0, 0),
			"0 00:20.0, 0 00:30.0",
		},
		"fewer jobs": {
			[]*stored{rev(1, set, every("@every 10s"), every("@every 10s")), rev(2, clock(10, 0, 15, 0), every("@every 10s"))},
			time.Time{},
			clock(10, 0, 30, 0), "0 00:10.0, 0 00:25.0, 1 00:10.0",
		},
		"jitter": {[]*stored{rev(1, set, slow)}, time.Time{}, clock(10, 3, 0, 0), "0 01:00.0/01:23.4, 0 02:00.0/02:00.5"},
		"jitter: since within a delay": {
			[]*stored{rev(1, set, slow)}, clock(10, 1, 10, 0), clock(10, 1, 30, 0), "0 01:00.0/01:23.4",
		},
		"jitter: changed while one is delayed": { // which is then due at the end of the delay
			[]*stored{rev(1, set, slow), rev(2, clock(10, 1, 20, 800), every("* * * * *"))}, time.Time{}, clock(10, 2, 0, 0), "0 01:00.0/01:23.3, 0 02:00.0",
		},
		"jitter: changed, and it is no time of the new one": {
			[]*stored{rev(1, set, slow), rev(2, clock(10, 1, 20, 800), every("30 * * * *"))}, time.Time{}, clock(10, 5, 0, 0), "",
		},
		"jitter: changed after it ran": {
			[]*stored{rev(1, set, slow), rev(2, clock(10, 1, 23, 0), every("* * * * *"))}, time.Time{}, clock(10, 2, 0, 0), "0 01:00.0/01:23.4, 0 02:00.0",
		},
		"jitter: paused while one is delayed": {
			[]*stored{rev(1, set, slow), rev(2, clock(10, 1, 20, 0)), rev(3, clock(10, 1, 20, 500), slow)},
			time.Time{},
			clock(10, 2, 30, 0),
			"0 02:00.0/02:00.5",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := demandOf(c.revisions...)
			if got := demanded(d, c.since, c.until); got != c.want {
				t.Errorf("demanded is %q, want %q", got, c.want)
			}
		})
	}
}

// plainly is what revisions of "@every" or of every nth second demand, due at
// or before end, told without any cleverness.
func plainly(revisions []*stored, end time.Time) map[int64]time.Time {
	all, left := map[int64]time.Time{}, map[int64]bool{}
	for i, r := range revisions {
		effect, until := r.time.Add(contract.EffectDelay), end.Add(1)
		if i+1 < len(revisions) {
			until = earlier(until, revisions[i+1].time.Add(contract.EffectDelay))
		}
		delayed := map[int64]bool{}
		var times *spec.Timetable
		if len(r.schedule.Jobs) > 0 {
			var err error
			if times, err = spec.ForJob(&r.schedule.Jobs[0]); err != nil {
				panic(err) // the test's own job
			}
		}
		for t := clock(10, 0, 0, 0); times != nil && !t.After(end); t = t.Add(100 * time.Millisecond) {
			at := t.UnixNano()
			_, ran := all[at]
			if ran || !times.Has(t, r.time) || !t.After(r.time) && !left[at] {
				continue
			}
			due := later(times.Due("ns", "k", 0, t, r.time), effect)
			if due.Before(until) {
				all[at] = due
			} else {
				delayed[at] = true
			}
		}
		left = delayed
	}
	return all
}

func TestDemandIsWhatRevisionsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := clock(10, 0, 1, 0)
		var revisions []*stored
		for i := range rapid.IntRange(1, 6).Draw(t, "revisions") {
			at = at.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "pause")) * 100 * time.Millisecond)
			r := rev(uint64(i+1), at)
			if text := rapid.SampledFrom([]string{"", "* * * * * *", "*/2 * * * * *", "*/7 * * * * *", "@every 300ms", "@every 5s"}).Draw(t, "spec"); text != "" {
				jitter := rapid.IntRange(0, 3).Draw(t, "jitter") * 3000
				r = rev(uint64(i+1), at, common.Job{Spec: text, Jitter: common.Duration(time.Duration(jitter) * time.Millisecond)})
			}
			revisions = append(revisions, r)
		}
		end := at.Add(10 * time.Second)
		since := clock(10, 0, 0, 0).Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "since")) * 100 * time.Millisecond)
		want := plainly(revisions, end)
		d := demandOf(revisions...)
		for nominal, due := range want {
			if o, ok := d.find(0, time.Unix(0, nominal).UTC()); !ok || !o.due.Equal(due) {
				t.Fatalf("found %v, want it due at %s", o, due)
			}
		}
		maps.DeleteFunc(want, func(_ int64, due time.Time) bool { return !due.After(since) })
		f := feed{demand: d, since: since}
		var last time.Time
		for _, until := range []time.Time{earlier(since.Add(2*time.Second), end), end} {
			for o, ok := f.next(until); ok; o, ok = f.next(until) {
				if due, ok := want[o.nominal.UnixNano()]; !ok || !due.Equal(o.due) || o.due.Before(last) || o.due.After(until) {
					t.Fatalf("unexpected %s due at %s, want %s", o.nominal, o.due, due)
				}
				delete(want, o.nominal.UnixNano())
				last = o.due
			}
		}
		if len(want) > 0 {
			t.Fatalf("not demanded: %v", slices.Sorted(maps.Keys(want)))
		}
	})
}
