package spec

import (
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// WithDST returns the spec under a policy for the moves of its zone's clock.
// Empty fields leave the default of the spec. Specs "@every" and "@at" do not
// depend on a clock and are returned as they are. The policy was checked by
// contract.Schedule.Check; what it does not know counts as empty.
func (s *Spec) WithDST(d contract.DST) *Spec {
	r, ok := s.rule.(*cronRule)
	if !ok {
		return s
	}
	p := r.policy
	switch d.Gap {
	case contract.GapAfter:
		p.gapSkip = false
	case contract.GapSkip:
		p.gapSkip = true
	}
	switch d.Fold {
	case contract.FoldFirst:
		p.foldBoth = false
	case contract.FoldBoth:
		p.foldBoth = true
	}
	if p == r.policy {
		return s
	}
	changed := *r
	changed.policy = p
	return &Spec{text: s.text, rule: &changed}
}

// Shift says how daylight saving time touches a nominal time.
type Shift string

// Shifts. A nominal time that shows a match of its own and follows a gap that
// holds others is not shifted.
const (
	ShiftNone   Shift = ""
	ShiftGap    Shift = "gap"    // its wall time is left out; it runs right after the gap
	ShiftFirst  Shift = "first"  // its wall time occurs twice; this is the first
	ShiftSecond Shift = "second" // its wall time occurs twice; this is the second
)

// Shift tells how daylight saving time touches the nominal time t. What is not
// a nominal time gets an answer without a meaning.
func (s *Spec) Shift(t time.Time) Shift {
	r, ok := s.rule.(*cronRule)
	if !ok {
		return ShiftNone
	}
	u := t.Unix()
	in := segmentAt(r.loc, u)
	w := u + in.offset
	switch {
	case !r.within(w, w):
		return ShiftGap
	case shownBefore(r.loc, in, u):
		return ShiftSecond
	case shownAfter(r.loc, in, u):
		return ShiftFirst
	}
	return ShiftNone
}

// shownBefore reports whether what the clock shows at u, an instant in the
// segment in, was shown in a segment before. It compares instants, because on
// 31 December of a leap year segments overlap (see segmentAt).
func shownBefore(loc *time.Location, in segment, u int64) bool {
	for s := in; u-s.start <= 2*maxOffset; {
		s = segmentAt(loc, s.start-1)
		if at := u + in.offset - s.offset; s.start <= at && at < min(s.end, u) {
			return true
		}
	}
	return false
}

// shownAfter is shownBefore for the segments that follow.
func shownAfter(loc *time.Location, in segment, u int64) bool {
	for s := in; s.end-u <= 2*maxOffset; {
		s = segmentAt(loc, s.end)
		if at := u + in.offset - s.offset; max(s.start, u+1) <= at && at < s.end {
			return true
		}
	}
	return false
}
