package spec

import (
	"strings"
	"time"
)

// Spec is a parsed spec. It does not change and is safe for concurrent use.
type Spec struct {
	text string
	rule rule
}

// rule is a set of nominal times. Its methods get and return times in UTC
// between first and last.
type rule interface {
	next(after, anchor time.Time) (time.Time, bool)
	prev(at, anchor time.Time) (time.Time, bool)
	count(after, to, anchor time.Time) int64
}

// Nominal times lie between these two, in seconds since the epoch, both
// included: the years that nanoseconds since the epoch can express whole.
const (
	firstSecond = 0          // 1970-01-01T00:00:00Z
	lastSecond  = 9214646399 // 2261-12-31T23:59:59Z
)

var (
	first = time.Unix(firstSecond, 0).UTC()
	last  = time.Unix(lastSecond, 999_999_999).UTC()
)

// Parse reads a spec. timezone is the IANA zone it is read in; empty means the
// one of text's own prefix, or UTC. The error is a *contract.FieldError whose
// Field is "spec" or "timezone".
func Parse(text, timezone string) (*Spec, error) {
	s, err := parse(text, timezone)
	if err != nil {
		return nil, err // converted here: a nil *FieldError is not a nil error
	}
	return s, nil
}

// Check returns the error that Parse would.
func Check(text, timezone string) error {
	_, err := Parse(text, timezone)
	return err
}

// Next returns the first nominal time strictly after an instant, in UTC.
// anchor is where "@every" counts from; other specs ignore it. ok is false
// when there is none: the spec never fires again.
func (s *Spec) Next(after, anchor time.Time) (t time.Time, ok bool) {
	if after.Before(first) {
		after = first.Add(-1)
	}
	if !after.Before(last) {
		return time.Time{}, false
	}
	return within(s.rule.next(utc(after), utc(anchor)))
}

// Prev returns the last nominal time at or before an instant, in UTC. anchor
// is where "@every" counts from and not itself a nominal time; other specs
// ignore it. ok is false when there is none.
func (s *Spec) Prev(at, anchor time.Time) (t time.Time, ok bool) {
	if at.After(last) {
		at = last
	}
	if at.Before(first) {
		return time.Time{}, false
	}
	return within(s.rule.prev(utc(at), utc(anchor)))
}

// String returns the text that was parsed, without blanks around it.
func (s *Spec) String() string { return s.text }

// utc also drops a monotonic clock reading, so that equal instants are ==.
func utc(t time.Time) time.Time { return t.Round(0).UTC() }

func within(t time.Time, ok bool) (time.Time, bool) {
	if !ok || t.Before(first) || t.After(last) {
		return time.Time{}, false
	}
	return t, true
}

// descriptors are the names for cron expressions.
var descriptors = map[string]string{
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
	"@monthly":  "0 0 1 * *",
	"@weekly":   "0 0 * * 0",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@hourly":   "0 * * * *",
}

// trimmed keeps no reference to the caller's text, which may be part of
// something larger.
func trimmed(text string) string { return strings.Clone(strings.Trim(text, blanks)) }
