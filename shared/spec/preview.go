package spec

import (
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// MaxPreview is the most nominal times that one preview tells.
const MaxPreview = contract.MaxPreview

// Upcoming is a nominal time of a job that lies ahead.
type Upcoming struct {
	Time  time.Time // nominal, without jitter, UTC
	Shift Shift     // how daylight saving time touches it
}

// Preview returns the first n nominal times of the job after an instant, at
// most MaxPreview; fewer when there are no more, none when n is not positive.
// anchor is where "@every" counts from.
func (t *Timetable) Preview(after, anchor time.Time, n int) []Upcoming {
	var list []Upcoming
	for range min(n, MaxPreview) {
		next, ok := t.Next(after, anchor)
		if !ok {
			break
		}
		list = append(list, Upcoming{Time: next, Shift: t.Shift(next)})
		after = next
	}
	return list
}
