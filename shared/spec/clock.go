package spec

import (
	"time"

	"github.com/robfig/cron/v3"

	"github.com/weplanx/workflow/shared/contract"
)

// policy says what happens when the clock is moved. See the package comment.
type policy struct {
	gapSkip  bool // a match in the gap does not fire; else right after the gap
	foldBoth bool // a match in the fold fires each time; else the first time
}

// cronRule is a cron expression in a zone.
type cronRule struct {
	calendar
	policy
	loc *time.Location
}

func newCronRule(s *cron.SpecSchedule, loc *time.Location, wildcard bool) (rule, *contract.FieldError) {
	r := &cronRule{
		calendar: newCalendar(s),
		policy:   policy{gapSkip: wildcard, foldBoth: wildcard},
		loc:      loc,
	}
	if r.second == 0 || r.minute == 0 || r.hour == 0 {
		return nil, bad("never fires, want at least one second, minute and hour")
	}
	if _, ok := r.ceil(firstSecond); !ok {
		return nil, bad("never fires: no month it names has such a day, want a date that exists")
	}
	return r, nil
}

func (r *cronRule) next(after, _ time.Time) (time.Time, bool) {
	u, ok := r.nextSecond(after.Unix() + 1)
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(u, 0).UTC(), true
}

func (r *cronRule) prev(at, _ time.Time) (time.Time, bool) {
	u, ok := r.prevSecond(at.Unix())
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(u, 0).UTC(), true
}

// nextSecond returns the first nominal time at or after the instant u.
func (r *cronRule) nextSecond(u int64) (int64, bool) {
	for u <= lastSecond {
		s := segmentAt(r.loc, u)
		from := u + s.offset
		if high := r.highWater(s, u); high > -forever {
			if u == s.start && !r.gapSkip && r.within(high+1, from-1) {
				return u, true
			}
			if !r.foldBoth {
				from = max(from, high+1)
			}
		}
		w, ok := r.ceil(from)
		if !ok {
			w = forever
		}
		if w-s.offset < s.end {
			return w - s.offset, ok
		}
		// Leap only where the fold at the segment's end cannot show again
		// what lies before from.
		if leap := w - maxOffset; s.end-u > 2*maxOffset && leap > s.end {
			u = leap
		} else {
			u = s.end
		}
	}
	return 0, false
}

// prevSecond returns the last nominal time at or before the instant u.
func (r *cronRule) prevSecond(u int64) (int64, bool) {
	for u >= firstSecond {
		s := segmentAt(r.loc, u)
		begin := s.start + s.offset
		from, high := begin, r.highWater(s, s.start)
		if !r.foldBoth {
			from = max(from, high+1)
		}
		w, ok := r.floor(u + s.offset)
		if ok && w >= from {
			return w - s.offset, true
		}
		if high > -forever && !r.gapSkip && r.within(high+1, begin-1) {
			return s.start, true
		}
		u = s.start - 1
	}
	return 0, false
}

// within tells whether there is a match from one wall time to another, both
// included.
func (c *calendar) within(from, to int64) bool {
	if from > to {
		return false
	}
	w, ok := c.ceil(from)
	return ok && w <= to
}

// highWater returns the latest wall time shown before the segment s, or
// -forever when that cannot matter at u, an instant in s.
func (r *cronRule) highWater(s segment, u int64) int64 {
	if r.gapSkip && r.foldBoth || u-s.start > 2*maxOffset {
		return -forever
	}
	high := int64(-forever)
	for at := s.start - 1; at > s.start-2*maxOffset && at > -forever; {
		before := segmentAt(r.loc, at)
		high = max(high, at+before.offset)
		at = before.start - 1
	}
	return high
}
