package core

import (
	"cmp"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// position orders the occurrences of a partition: by due time, key, index and
// nominal time. Times are nanoseconds since the Unix epoch.
type position struct {
	due     int64
	key     string
	index   int
	nominal int64
}

func (a position) compare(b position) int {
	if a.due != b.due {
		return cmp.Compare(a.due, b.due)
	}
	if c := strings.Compare(a.key, b.key); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.index, b.index), cmp.Compare(a.nominal, b.nominal))
}

// later returns the position that comes later.
func (a position) later(b position) position {
	if a.compare(b) < 0 {
		return b
	}
	return a
}

// beyond is the position after every occurrence that is due at or before t.
func beyond(t int64) position { return position{due: t + 1} }

// jobID names a job of a partition, for order and comparison.
type jobID struct {
	key   string
	index int
}

func (a jobID) compare(b jobID) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.index, b.index))
}

func positionOf(c contract.Cursor) position {
	return position{due: nanos(c.Due), key: c.Key, index: c.Index, nominal: nanos(c.Scheduled)}
}

func (a position) cursor() contract.Cursor {
	return contract.Cursor{Due: instant(a.due), Key: a.key, Index: a.index, Scheduled: instant(a.nominal)}
}

// nanos maps the zero time to 0 and back: no occurrence is due in 1970.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
