package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

// policyJob is a job with every policy that it may have.
func policyJob() common.Job {
	j := job("30 2 * * *")
	j.Timezone = "Europe/Berlin"
	j.Start, j.End = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2091, 1, 1, 0, 0, 0, 0, time.UTC)
	j.Jitter = common.Duration(30 * time.Second)
	j.DST = common.DST{Gap: common.GapSkip, Fold: common.FoldBoth}
	j.Misfire = common.Misfire{Policy: common.MisfireAll, Limit: 5, Window: common.Duration(time.Hour)}
	return j
}

// Every policy is a part of what a job says: changing it changes the schedule.
func TestSetTellsPoliciesApart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.Set("a", policyJob()))
	first := revision(t, b)
	same := policyJob()
	same.Start, same.End = same.Start.In(time.FixedZone("", 3600)), same.End.Local()
	noError(t, b.Set("a", same))
	if got := revision(t, b); got != first {
		t.Fatalf("the same jobs, written otherwise, made revision %d", got)
	}
	cases := map[string]func(*common.Job){
		"start":   func(j *common.Job) { j.Start = j.Start.Add(time.Second) },
		"end":     func(j *common.Job) { j.End = time.Time{} },
		"jitter":  func(j *common.Job) { j.Jitter = 0 },
		"gap":     func(j *common.Job) { j.DST.Gap = "" },
		"fold":    func(j *common.Job) { j.DST.Fold = common.FoldFirst },
		"misfire": func(j *common.Job) { j.Misfire = common.Misfire{} },
		"limit":   func(j *common.Job) { j.Misfire.Limit++ },
		"window":  func(j *common.Job) { j.Misfire.Window++ },
	}
	last := first
	for name, change := range cases {
		j := policyJob()
		change(&j)
		noError(t, b.Set("a", j))
		if got := revision(t, b); got <= last {
			t.Errorf("%s: no revision was made", name)
		} else {
			last = got
		}
	}
	noError(t, b.Pause("a"))
	noError(t, b.Set("a", policyJob()))
	jobs, err := b.Get("a")
	noError(t, err)
	if got, want := jobs[0], policyJob(); got.DST != want.DST || got.Misfire != want.Misfire || got.Jitter != want.Jitter || !got.Start.Equal(want.Start) || !got.End.Equal(want.End) {
		t.Errorf("job is %+v, want %+v", got, want)
	}
}

func TestSetRefusesPolicies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cases := map[string]struct {
		change func(*common.Job)
		field  string
	}{
		"gap":        {func(j *common.Job) { j.DST.Gap = "x" }, "jobs[0].dst.gap"},
		"fold":       {func(j *common.Job) { j.DST.Fold = "x" }, "jobs[0].dst.fold"},
		"jitter":     {func(j *common.Job) { j.Jitter = -1 }, "jobs[0].jitter"},
		"long":       {func(j *common.Job) { j.Jitter = common.Duration(common.MaxJitter) + 1 }, "jobs[0].jitter"},
		"policy":     {func(j *common.Job) { j.Misfire.Policy = "x" }, "jobs[0].misfire.policy"},
		"limit":      {func(j *common.Job) { j.Misfire.Limit = common.MaxMisfireLimit + 1 }, "jobs[0].misfire.limit"},
		"window":     {func(j *common.Job) { j.Misfire.Window = -1 }, "jobs[0].misfire.window"},
		"not all":    {func(j *common.Job) { j.Misfire.Policy = common.MisfireSkip }, "jobs[0].misfire"},
		"end first":  {func(j *common.Job) { j.End = j.Start.Add(-1) }, "jobs[0].end"},
		"over":       {func(j *common.Job) { j.Start, j.End = time.Time{}, time.Unix(1e9, 0) }, "jobs[0].end"},
		"never":      {func(j *common.Job) { j.End = j.Start.Add(time.Second) }, "jobs[0].spec"},
		"never, too": {func(j *common.Job) { j.Spec = "@at 2080-01-01T00:00:00Z" }, "jobs[0].spec"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := policyJob()
			c.change(&j)
			err := b.Set("a", j)
			var field *client.FieldError
			if !errors.Is(err, client.ErrInvalid) || !errors.As(err, &field) || field.Field != c.field {
				t.Errorf("error is %v, want one about %s", err, c.field)
			}
		})
	}
}
