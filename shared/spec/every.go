package spec

import (
	"math/bits"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// every are the nominal times anchor + n·every, n from 1.
type every time.Duration

func parseEvery(text string) (rule, *contract.FieldError) {
	d, err := time.ParseDuration(text)
	if err != nil || d < MinEvery || d > MaxEvery {
		return nil, bad("has " + quote("@every "+text) + ", want a duration such as \"15s\" or \"1h30m\", from 100ms to 87600h")
	}
	return every(d), nil
}

func (e every) next(after, anchor time.Time) (time.Time, bool) {
	if anchor.After(last) {
		return time.Time{}, false
	}
	if after.Before(anchor) {
		after = anchor
	}
	return after.Add(time.Duration(e) - e.since(anchor, after)), true
}

func (e every) prev(at, anchor time.Time) (time.Time, bool) {
	if !at.After(anchor) {
		return time.Time{}, false
	}
	t := at.Add(-e.since(anchor, at))
	return t, t.After(anchor)
}

// since returns how long t is after the last multiple, anchor itself included.
// t is not before anchor. The distance is taken in 128 bits: a Duration
// overflows after 292 years.
func (e every) since(anchor, t time.Time) time.Duration {
	hi, lo := distance(anchor, t)
	return time.Duration(bits.Rem64(hi, lo, uint64(e))) //nolint:gosec // less than e, which is positive
}

// distance returns the nanoseconds from one instant to a later one in 128 bits.
func distance(from, to time.Time) (hi, lo uint64) {
	seconds := uint64(to.Unix()) - uint64(from.Unix()) //nolint:gosec // not negative
	nanos := to.Nanosecond() - from.Nanosecond()
	if nanos < 0 {
		seconds--
		nanos += int(time.Second)
	}
	hi, lo = bits.Mul64(seconds, uint64(time.Second))
	lo, carry := bits.Add64(lo, uint64(nanos), 0) //nolint:gosec // not negative
	return hi + carry, lo
}

// at is a single nominal time.
type at struct{ time time.Time }

func parseAt(text string) (rule, *contract.FieldError) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !isStrict(text) {
		return nil, bad("has " + quote("@at "+text) + ", want RFC 3339 such as \"@at 2026-12-24T18:00:00+01:00\"")
	}
	if t.Before(first) || t.After(last) {
		return nil, bad("has " + quote("@at "+text) + ", want a time in the years 1970 to 2261")
	}
	return at{t.UTC()}, nil
}

// isStrict refuses what time.Parse lets through although it is not RFC 3339: an
// hour of one digit, a comma before the fraction, an offset of 24 hours or 60
// minutes.
func isStrict(text string) bool {
	if text[13] != ':' || strings.Contains(text, ",") {
		return false
	}
	if strings.HasSuffix(text, "Z") {
		return true
	}
	offset := text[len(text)-5:]
	return offset[:2] <= "23" && offset[3:] <= "59"
}

func (a at) next(after, _ time.Time) (time.Time, bool) { return a.time, after.Before(a.time) }
func (a at) prev(at, _ time.Time) (time.Time, bool)    { return a.time, !at.Before(a.time) }
