package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/internal/weplanx"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// Results of the import of one schedule.
const (
	imported  = "imported"
	unchanged = "unchanged" // it is stored with these jobs
	failed    = "failed"
)

// importedSchedule is what came of one old schedule.
type importedSchedule struct {
	Key    string   `json:"key"`
	From   string   `json:"from,omitempty"` // the old key, where it was another
	Result string   `json:"result"`
	Jobs   int      `json:"jobs"`
	Paused bool     `json:"paused,omitempty"`
	Notes  []string `json:"notes,omitempty"`
	Reason string   `json:"reason,omitempty"`
}

// importer stores old schedules. schedule is nil in a dry run of a namespace that
// is not there yet.
type importer struct {
	flags    *importFlags
	schedule *client.Schedule
	inPlace  bool
	now      time.Time
}

// all imports one after the other. One that fails does not hinder the others.
func (i *importer) all(ctx context.Context, entries []weplanx.Entry) []importedSchedule {
	results := []importedSchedule{}
	for _, e := range entries {
		if i.inPlace && strings.HasPrefix(e.Key, contract.NodePrefix) {
			continue // a heartbeat of today
		}
		r := importedSchedule{Key: i.flags.prefix + e.Key, From: e.Key, Result: imported}
		if r.From == r.Key {
			r.From = ""
		}
		if err := i.one(ctx, e, &r); err != nil {
			r.Result, r.Reason = failed, err.Error()
		}
		results = append(results, r)
	}
	return results
}

func (i *importer) one(ctx context.Context, e weplanx.Entry, r *importedSchedule) error {
	if e.Err != nil {
		return e.Err
	}
	if i.inPlace && weplanx.Current(e.Data) {
		r.Result = unchanged
		return nil
	}
	old, err := weplanx.Convert(e.Data, weplanx.Options{Timezone: i.flags.timezone, DropUnknown: i.flags.unknown})
	if err != nil {
		return err
	}
	r.Jobs, r.Paused, r.Notes = len(old.Jobs), old.Paused, old.Notes
	if err := contract.CheckKey(r.Key); err != nil {
		return err
	}
	if err := i.fires(old.Jobs); err != nil {
		return err
	}
	revision, err := i.expected(ctx, e, r, old.Jobs)
	if err != nil || r.Result == unchanged || i.flags.dry {
		return err
	}
	store := i.schedule.SetRevision
	if old.Paused {
		store = i.schedule.SetRevisionPaused
	}
	_, err = store(ctx, r.Key, revision, old.Jobs...)
	return err
}

// fires refuses jobs that could not be stored, as a dry run would not notice.
func (i *importer) fires(jobs []contract.Job) error {
	schedule := contract.Schedule{Jobs: jobs}
	if err := schedule.Check(spec.Check); err != nil {
		return err
	}
	for n := range jobs {
		times, err := spec.ForJob(&jobs[n])
		if err != nil {
			return err // it was checked, so this cannot be
		}
		if _, ok := times.Next(i.now, i.now); !ok {
			return &contract.FieldError{Field: fmt.Sprintf("jobs[%d].spec", n), Problem: "has no time after now"}
		}
	}
	return nil
}

// expected returns the revision that is to be replaced, 0 for none, or finds that
// nothing is to be done.
func (i *importer) expected(ctx context.Context, e weplanx.Entry, r *importedSchedule, jobs []contract.Job) (uint64, error) {
	switch {
	case i.schedule == nil:
		return 0, nil
	case i.inPlace:
		return e.Revision, nil
	}
	has, err := i.schedule.EntryContext(ctx, r.Key)
	switch {
	case errors.Is(err, client.ErrNotFound):
		return 0, nil
	case err != nil && !errors.Is(err, client.ErrBadEntry):
		return 0, err
	case err == nil && contract.SameJobs(has.Jobs, jobs) && (has.Paused || !r.Paused || !i.flags.overwrite):
		r.Result = unchanged
		return has.Revision, nil
	case !i.flags.overwrite:
		return 0, fmt.Errorf("is stored already with %s, want --overwrite to replace that", what(&has))
	}
	return has.Revision, nil
}

func what(e *client.Entry) string {
	if e.Bad != nil {
		return "a value that cannot be used"
	}
	return "other jobs"
}
