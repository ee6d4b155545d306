package spec

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones on machines that have none

	"github.com/weplanx/workflow/shared/contract"
)

// zones shares one *time.Location between all specs of a zone. It holds valid
// zones only, in one spelling each, so it is bounded by the zone database.
var zones sync.Map // name to *time.Location

// chooseZone takes the zone of the spec's prefix or of the timezone field.
func chooseZone(prefix, timezone string) (*time.Location, *contract.FieldError) {
	name, field := timezone, "timezone"
	switch {
	case prefix != "" && timezone != "" && prefix != timezone:
		return nil, &contract.FieldError{Field: field, Problem: "is " + quote(timezone) +
			" but the spec says " + quote(prefix) + ", want one of them"}
	case prefix != "":
		name, field = prefix, "spec"
	case timezone == "":
		return time.UTC, nil
	}
	loc := loadZone(name)
	if loc == nil {
		problem := quote(name) + ", want an IANA zone such as \"Europe/Berlin\""
		if field == "spec" {
			return nil, bad("has zone " + problem)
		}
		return nil, &contract.FieldError{Field: field, Problem: "is " + problem}
	}
	return loc, nil
}

// loadZone returns nil for what is not a zone.
func loadZone(name string) *time.Location {
	if name == "UTC" {
		return time.UTC
	}
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location) //nolint:forcetypeassert // nothing else is stored
	}
	if !isZoneName(name) {
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	kept, _ := zones.LoadOrStore(strings.Clone(name), loc)
	return kept.(*time.Location) //nolint:forcetypeassert // nothing else is stored
}

// isZoneName refuses what might reach a file that is no zone or that differs
// between machines: "Local" and "localtime" (the machine's own), "posix/…" and
// "right/…" (with leap seconds), which only some systems have.
func isZoneName(name string) bool {
	if len(name) > 64 || strings.Contains(name, "//") || strings.HasSuffix(name, "/") {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-_/", rune(c))) {
			return false
		}
	}
	switch name {
	case "", "Local", "localtime", "posixrules", "Factory":
		return false
	}
	return !strings.HasPrefix(name, "posix/") && !strings.HasPrefix(name, "right/")
}

// segment is a stretch of time, from start to before end, in which a zone's
// wall clock is offset ahead of UTC. All in seconds.
type segment struct{ start, end, offset int64 }

const (
	day = 24 * 60 * 60
	// maxOffset is more than any zone is away from UTC.
	maxOffset = day
	// forever is beyond every instant and wall time that is looked at.
	forever = 1 << 40
)

// segmentAt returns the segment that holds the instant u.
func segmentAt(loc *time.Location, u int64) segment {
	if loc == time.UTC {
		return segment{start: -forever, end: forever}
	}
	t := time.Unix(u, 0).In(loc)
	_, offset := t.Zone()
	s := segment{start: -forever, end: forever, offset: int64(offset)}
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		s.start = start.Unix()
	}
	if !end.IsZero() {
		s.end = end.Unix()
	}
	// On 31 December of a leap year Go gives that day's begin for the end
	// of a zone that lasts to the year's end (zoneinfo.go, tzset).
	if s.end <= u {
		s.end = (u/day + 1) * day
	}
	return s
}
