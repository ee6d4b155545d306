package contract_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

func TestRunIsRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name        string
		change      func(*contract.Job)
		field, want string
	}{
		{"negative timeout", func(j *contract.Job) { j.Timeout = -1 }, "timeout", "is -1ns, want more than 0s, at most 15m"},
		{"long timeout", func(j *contract.Job) { j.Timeout = contract.Duration(contract.MaxTimeout + 1) }, "timeout", "at most 15m"},
		{"negative attempts", func(j *contract.Job) { j.Attempts = -1 }, "attempts", "is -1, want 1 to 100"},
		{"many attempts", func(j *contract.Job) { j.Attempts = contract.MaxAttempts + 1 }, "attempts", "is 101, want 1 to 100"},
		{"negative deadline", func(j *contract.Job) { j.Deadline = -1 }, "deadline", "is -1ns, want more than 0s, at most 720h"},
		{"long deadline", func(j *contract.Job) { j.Deadline = contract.Duration(contract.MaxDeadline + 1) }, "deadline", "at most 720h"},
		{"overlap", func(j *contract.Job) { j.Overlap = "forbid" }, "overlap", `is "forbid", want "allow", "skip" or "queue"`},
		{"overlap in capitals", func(j *contract.Job) { j.Overlap = "Skip" }, "overlap", `is "Skip"`},
		{"overlap that is no text", func(j *contract.Job) { j.Overlap = "\x00\r\n" + strings.Repeat("x", 1000) }, "overlap", "want"},
		{"negative completion", func(j *contract.Job) { j.Completion = -1 }, "completion", "is -1ns, want more than 0s, at most 168h"},
		{"long completion", func(j *contract.Job) { j.Completion = contract.Duration(contract.MaxCompletion + 1) }, "completion", "at most 168h"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			job := jobWith(c.change)
			schedule := contract.Schedule{Jobs: []contract.Job{jobWith(func(*contract.Job) {}), job}}
			checkField(t, schedule.Check(checkSpec), "jobs[1]."+c.field, c.want)
			trigger := contract.Trigger{
				Timeout: job.Timeout, Attempts: job.Attempts, Deadline: job.Deadline, Overlap: job.Overlap, Completion: job.Completion,
			}
			checkField(t, trigger.CheckRun(), c.field, c.want)
		})
	}
}

func TestRunIsAccepted(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*contract.Job)
	}{
		{"nothing", func(*contract.Job) {}},
		{"one attempt", func(j *contract.Job) { j.Attempts = 1 }},
		{"most attempts", func(j *contract.Job) { j.Attempts = contract.MaxAttempts }},
		{"shortest", func(j *contract.Job) { j.Timeout, j.Deadline, j.Completion = 1, 1, 1 }},
		{"longest", func(j *contract.Job) {
			j.Timeout, j.Deadline, j.Completion = contract.Duration(15*time.Minute), contract.Duration(720*time.Hour), contract.Duration(168*time.Hour)
		}},
		{"allow", func(j *contract.Job) { j.Overlap = "allow" }},
		{"skip", func(j *contract.Job) { j.Overlap = "skip" }},
		{"queue", func(j *contract.Job) { j.Overlap = "queue" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			job := jobWith(c.change)
			if err := (&contract.Schedule{Jobs: []contract.Job{job}}).Check(checkSpec); err != nil {
				t.Error(err)
			}
			trigger := contract.Trigger{
				Timeout: job.Timeout, Attempts: job.Attempts, Deadline: job.Deadline, Overlap: job.Overlap, Completion: job.Completion,
			}
			if err := trigger.CheckRun(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A job and a trigger without limits are written as they were before there were
// any.
func TestNoLimitIsNotWritten(t *testing.T) {
	t.Parallel()
	job := jobWith(func(*contract.Job) {})
	schedule, err := contract.Encode(contract.Schedule{Jobs: []contract.Job{job}})
	if err != nil {
		t.Fatal(err)
	}
	trigger, err := contract.Encode(contract.Trigger{ID: "1", Mode: job.Mode, Option: job.Option})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"timeout", "attempts", "deadline", "overlap", "completion", "origin", "accept", "no_excerpt"} {
		if strings.Contains(string(schedule)+string(trigger), `"`+name+`"`) {
			t.Errorf("%q is written: %s %s", name, schedule, trigger)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	many := make([]int, 101)
	for i := range many {
		many[i] = 200
	}
	cases := []struct {
		name        string
		accept      []int
		field, want string // empty: accepted
	}{
		{"none", nil, "", ""},
		{"an empty list", []int{}, "", ""},
		{"first and last", []int{200, 599}, "", ""},
		{"the same twice", []int{404, 404}, "", ""},
		{"as many as may be", many[:100], "", ""},
		{"too many", many, "accept", "has 101, want at most 100"},
		{"below", []int{200, 199}, "accept[1]", "is 199, want 200 to 599"},
		{"above", []int{600}, "accept[0]", "is 600, want 200 to 599"},
		{"zero", []int{0}, "accept[0]", "is 0"},
		{"negative", []int{-200}, "accept[0]", "is -200"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := contract.CheckOption("HTTP", option(t, contract.HttpOption{Url: "http://h", Accept: c.accept}))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "":
				checkField(t, err, c.field, c.want)
			}
		})
	}
	for _, raw := range []string{`{"url":"http://h","accept":[200.5]}`, `{"url":"http://h","accept":"2xx"}`, `{"url":"http://h","accept":[1e99]}`} {
		if err := contract.CheckOption("HTTP", json.RawMessage(raw)); err == nil {
			t.Errorf("%s was accepted", raw)
		}
	}
}
