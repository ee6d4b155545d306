package contract_test

import (
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

func jobWith(change func(*contract.Job)) contract.Job {
	job := contract.HttpJob("@every 15s", contract.HttpOption{Url: "http://h"})
	change(&job)
	return job
}

func TestTimesAreRefused(t *testing.T) {
	t.Parallel()
	const second = contract.Duration(time.Second)
	cases := []struct {
		name        string
		change      func(*contract.Job)
		field, want string
	}{
		{"end before start", func(j *contract.Job) { j.Start, j.End = stored, stored.Add(-1) }, "end", "is before start"},
		{"negative jitter", func(j *contract.Job) { j.Jitter = -1 }, "jitter", "is -1ns, want 0s to 24h"},
		{"long jitter", func(j *contract.Job) { j.Jitter = contract.Duration(contract.MaxJitter + 1) }, "jitter", "want 0s to 24h"},
		{"gap", func(j *contract.Job) { j.DST.Gap = "before" }, "dst.gap", `is "before", want "after" or "skip"`},
		{"gap in capitals", func(j *contract.Job) { j.DST.Gap = "After" }, "dst.gap", `want "after" or "skip"`},
		{"gap takes no fold", func(j *contract.Job) { j.DST.Gap = contract.FoldBoth }, "dst.gap", `is "both"`},
		{"fold", func(j *contract.Job) { j.DST.Fold = "second" }, "dst.fold", `is "second", want "first" or "both"`},
		{"fold takes no gap", func(j *contract.Job) { j.DST.Fold = contract.GapSkip }, "dst.fold", `is "skip"`},
		{"a fold that is no text", func(j *contract.Job) { j.DST.Fold = "\x00\r\n" + strings.Repeat("x", 1000) }, "dst.fold", "want"},
		{
			"misfire policy", func(j *contract.Job) { j.Misfire.Policy = "latest" }, "misfire.policy",
			`is "latest", want "once", "all" or "skip"`,
		},
		{"limit without a policy", func(j *contract.Job) { j.Misfire.Limit = 1 }, "misfire", `belong to the policy "all"`},
		{"limit of once", func(j *contract.Job) { j.Misfire = contract.Misfire{Policy: "once", Limit: 1} }, "misfire", "belong to"},
		{"window of skip", func(j *contract.Job) { j.Misfire = contract.Misfire{Policy: "skip", Window: second} }, "misfire", "belong to"},
		{
			"negative limit", func(j *contract.Job) { j.Misfire = contract.Misfire{Policy: "all", Limit: -1} }, "misfire.limit",
			"is -1, want 1 to 400",
		},
		{"high limit", func(j *contract.Job) { j.Misfire = contract.Misfire{Policy: "all", Limit: 401} }, "misfire.limit", "is 401"},
		{
			"negative window", func(j *contract.Job) { j.Misfire = contract.Misfire{Policy: "all", Window: -second} }, "misfire.window",
			"is -1s, want more than 0s",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			good := jobWith(func(*contract.Job) {})
			schedule := contract.Schedule{Jobs: []contract.Job{good, jobWith(c.change)}}
			checkField(t, schedule.Check(checkSpec), "jobs[1]."+c.field, c.want)
		})
	}
}

func TestTimesAreAccepted(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*contract.Job)
	}{
		{"nothing", func(*contract.Job) {}},
		{"start alone", func(j *contract.Job) { j.Start = stored }},
		{"end alone", func(j *contract.Job) { j.End = stored }},
		{"one instant", func(j *contract.Job) { j.Start, j.End = stored, stored.In(time.FixedZone("", 3600)) }},
		{"longest jitter", func(j *contract.Job) { j.Jitter = contract.Duration(contract.MaxJitter) }},
		{"after and first", func(j *contract.Job) { j.DST = contract.DST{Gap: "after", Fold: "first"} }},
		{"skip and both", func(j *contract.Job) { j.DST = contract.DST{Gap: "skip", Fold: "both"} }},
		{"gap alone", func(j *contract.Job) { j.DST.Gap = "skip" }},
		{"fold alone", func(j *contract.Job) { j.DST.Fold = "both" }},
		{"once", func(j *contract.Job) { j.Misfire.Policy = "once" }},
		{"skip", func(j *contract.Job) { j.Misfire.Policy = "skip" }},
		{"all", func(j *contract.Job) { j.Misfire.Policy = "all" }},
		{"all, highest limit", func(j *contract.Job) {
			j.Misfire = contract.Misfire{Policy: "all", Limit: contract.MaxMisfireLimit, Window: contract.Duration(time.Second)}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			schedule := contract.Schedule{Jobs: []contract.Job{jobWith(c.change)}}
			if err := schedule.Check(checkSpec); err != nil {
				t.Error(err)
			}
		})
	}
}

// A job without policies is written as it was before there were any.
func TestNoPolicyIsNotWritten(t *testing.T) {
	t.Parallel()
	data, err := contract.Encode(contract.Schedule{Jobs: []contract.Job{jobWith(func(*contract.Job) {})}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"start", "end", "jitter", "dst", "misfire"} {
		if strings.Contains(string(data), `"`+name+`"`) {
			t.Errorf("%q is written: %s", name, data)
		}
	}
}
