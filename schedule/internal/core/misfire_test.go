package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

func TestMisfirePolicies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		misfire contract.Misfire
		want    []string // at 100 s after an outage since 0 s, limit of lateness 70 s
	}{
		{"default", contract.Misfire{}, []string{"a/0 missed 10-60 x6", "a/0@70", "a/0@80", "a/0@90", "a/0@100"}},
		{"once", contract.Misfire{Policy: contract.MisfireOnce}, []string{"a/0 missed 10-60 x6", "a/0@70", "a/0@80", "a/0@90", "a/0@100"}},
		{"skip", contract.Misfire{Policy: contract.MisfireSkip}, []string{"a/0 missed 10-70 x7", "a/0@80", "a/0@90", "a/0@100"}},
		{"all", contract.Misfire{Policy: contract.MisfireAll}, []string{"a/0@10", "a/0@20", "a/0@30", "a/0@40", "a/0@50", "a/0@60", "a/0@70", "a/0@80", "a/0@90", "a/0@100"}},
		{"all, at most three", contract.Misfire{Policy: contract.MisfireAll, Limit: 3}, []string{"a/0 missed 10-40 x4", "a/0@50", "a/0@60", "a/0@70", "a/0@80", "a/0@90", "a/0@100"}},
		{"all of 20 s", contract.Misfire{Policy: contract.MisfireAll, Window: contract.Duration(20 * time.Second)}, []string{"a/0 missed 10-40 x4", "a/0@50", "a/0@60", "a/0@70", "a/0@80", "a/0@90", "a/0@100"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, at(0))
			job := every("*/10 * * * * *")
			job.Misfire = test.misfire
			b.set("a", at(-10), job)
			ts, _ := b.plan(at(100), at(100))
			expect(t, ts, test.want...)
		})
	}
}

func TestBoundsLimitAJob(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	job := every("*/10 * * * * *")
	job.Start, job.End = at(20), at(30)
	b.set("a", at(-10), job)
	ts, _ := b.plan(at(25), at(100))
	expect(t, ts, "a/0@20", "a/0@30")
}

func TestJitterDelaysLessThanItsLimit(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	job := every("*/10 * * * * *")
	job.Jitter = contract.Duration(5 * time.Second)
	delays := map[time.Duration]bool{}
	for i := range 20 {
		b.set(fmt.Sprintf("k%d", i), at(-10), job)
	}
	ts, _ := b.plan(at(15), at(15))
	for _, trigger := range ts {
		delay := trigger.Due.Sub(trigger.Scheduled)
		if delay < 0 || delay >= 5*time.Second {
			t.Errorf("%s is delayed by %s, want less than 5s", trigger.Key, delay)
		}
		delays[delay] = true
	}
	if len(ts) != 40 || len(delays) < 30 { // of the nominal times 0 and 10
		t.Errorf("%d triggers with %d delays, want 40 spread out", len(ts), len(delays))
	}
}

func TestChangedScheduleRunsWhatJitterHadDelayed(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	job := every("0 * * * * *")
	job.Jitter = contract.Duration(50 * time.Second)
	b.set("a", at(-10), job)
	job.Timeout = contract.Duration(time.Second)
	first, _ := b.plan(at(-9), at(-1))
	b.planner.Position(contract.Cursor{Due: at(-1)})
	b.set("a", at(0.5), job) // after the nominal time 0, before it is due
	ts, _ := b.plan(at(55), at(55))
	if len(first) != 0 || len(ts) != 1 || !ts[0].Scheduled.Equal(at(0)) || ts[0].Timeout == 0 {
		t.Errorf("got %v then %v, want the occurrence of 0 with the new settings", brief(first), brief(ts))
	}
}

// outage plans after 24 hours without a scheduler and returns what each key
// was published, and how many steps and triggers it took.
func outage(t *testing.T, jobs map[string]contract.Job) (ts []contract.Trigger, largest int) {
	t.Helper()
	b := setup(t, at(0))
	for key, job := range jobs {
		b.set(key, at(-10), job)
	}
	now := at(0).Add(24 * time.Hour)
	for {
		step, ok := b.planner.Plan(now, now)
		if !ok {
			return ts, largest
		}
		ts, largest = append(ts, step.Triggers...), max(largest, len(step.Triggers))
	}
}

func TestADayOfOutageIsAccountedForByPolicy(t *testing.T) {
	t.Parallel()
	jobs := map[string]contract.Job{}
	policies := []contract.Misfire{{}, {Policy: contract.MisfireSkip}, {Policy: contract.MisfireAll, Limit: 50}}
	const each = 40
	for i := range each {
		for p, policy := range policies {
			job := every("* * * * * *")
			if i%2 == 0 {
				job = every("@every 100ms")
			}
			job.Misfire = policy
			jobs[fmt.Sprintf("p%d-%02d", p, i)] = job
		}
	}
	ts, largest := outage(t, jobs)
	if largest > core.DefaultLimits.Triggers {
		t.Errorf("a step of %d triggers, want at most %d", largest, core.DefaultLimits.Triggers)
	}
	run, missed := map[string]int64{}, map[string]int64{}
	late := at(0).Add(24*time.Hour - core.Grace)
	for _, trigger := range ts {
		switch {
		case trigger.Missed != nil:
			missed[trigger.Key] += trigger.Missed.Count
		case !trigger.Due.After(late):
			run[trigger.Key]++
		}
	}
	for key, job := range jobs {
		total := int64(24*60*60 - 30)
		if job.Spec == "@every 100ms" {
			total *= 10 // the schedule's own anchor is a multiple of the interval away
		}
		want := map[string]int64{"": 1, contract.MisfireSkip: 0, contract.MisfireAll: 50}[job.Misfire.Policy]
		if run[key] != want || run[key]+missed[key] != total {
			t.Errorf("%s: ran %d and missed %d, want %d of %d", key, run[key], missed[key], want, total)
		}
	}
}

// What is late is decided by when it is due, jitter included: in a span that is
// counted and not gone through, the last nominal time before the limit may be due
// behind it, and then it is not late by so much.
func TestJitterDecidesWhichOccurrenceIsTheLastThatIsTooLate(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	job := every("*/10 * * * * *")
	job.Jitter = contract.Duration(10 * time.Second)
	job.Misfire.Policy = contract.MisfireSkip
	times, err := spec.ForJob(&job)
	if err != nil {
		t.Fatal(err)
	}
	now := at(0).Add(24 * time.Hour)
	limit := now.Add(-core.Grace)
	missed, run, across := map[string]int64{}, map[string]int{}, 0
	for i := range 20 {
		key := fmt.Sprintf("k%d", i)
		b.set(key, at(-10), job)
		for nominal := at(0); nominal.Before(now); nominal = nominal.Add(10 * time.Second) {
			switch due := times.Due("ns", key, 0, nominal, at(-10)); {
			case !due.After(limit):
				missed[key]++
			case !due.After(now):
				run[key]++
			}
			if due := times.Due("ns", key, 0, nominal, at(-10)); !nominal.After(limit) && due.After(limit) {
				across++
			}
		}
	}
	if across == 0 {
		t.Fatal("no occurrence is delayed across the limit")
	}
	ts, _ := b.plan(now, now)
	for _, trigger := range ts {
		if trigger.Missed != nil {
			missed[trigger.Key] -= trigger.Missed.Count
		} else {
			run[trigger.Key]--
		}
	}
	for key := range missed {
		if missed[key] != 0 || run[key] != 0 {
			t.Errorf("%s: %d too few missed and %d too few run", key, missed[key], run[key])
		}
	}
}
