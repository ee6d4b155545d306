package client

import (
	"fmt"
	"time"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// Shifts of a common.PreviewTime, by daylight saving time.
const (
	ShiftGap    = string(spec.ShiftGap)    // its wall time is left out; the job runs right after the gap
	ShiftFirst  = string(spec.ShiftFirst)  // its wall time occurs twice; this is the first
	ShiftSecond = string(spec.ShiftSecond) // its wall time occurs twice; this is the second
)

// Preview returns up to n (at most 1000) nominal times of a job after an
// instant, in UTC and without jitter: fewer when the job ends. It is what
// schedulers compute. It needs no server, and of the job no Mode and no Option.
//
// anchor is where "@every" counts from: [Entry].Anchor for a job that is stored.
// Zero means after, as if the job were stored then. The error is ErrInvalid,
// with a *FieldError that names for example "spec", "timezone" or "dst.gap".
func Preview(job common.Job, n int, after, anchor time.Time) ([]common.PreviewTime, error) {
	if n < 0 || n > contract.MaxPreview {
		return nil, refuse("n", fmt.Sprintf("is %d, want 0 to %d", n, contract.MaxPreview))
	}
	if err := job.CheckTimes(spec.Check); err != nil {
		return nil, invalid(err)
	}
	times, err := spec.ForJob(&job)
	if err != nil {
		return nil, invalid(err)
	}
	if anchor.IsZero() {
		anchor = after
	}
	list := make([]common.PreviewTime, 0, n)
	for _, u := range times.Preview(after, anchor, n) {
		list = append(list, common.PreviewTime{Time: u.Time, Shift: string(u.Shift)})
	}
	return list, nil
}
