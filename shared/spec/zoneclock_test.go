package spec

import (
	"slices"
	"testing"
	"time"
)

// The years in which all zones are compared.
var (
	zonesFrom = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	zonesTo   = time.Date(2051, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

// zoneClock is a zone's clock as a list of moves, found by asking what the
// clock shows every three hours and then in between. It knows nothing of
// segments or bounds.
type zoneClock struct {
	moves   []move
	offsets []int64 // each once
}

// move says that the clock is offset ahead of UTC from an instant on.
type move struct{ at, offset int64 }

func newZoneClock(t testing.TB, loc *time.Location) *zoneClock {
	t.Helper()
	const stride = 3 * 3600
	offset := func(u int64) int64 {
		_, o := time.Unix(u, 0).In(loc).Zone()
		return int64(o)
	}
	begin := zonesFrom - 10*day
	c := &zoneClock{moves: []move{{begin, offset(begin)}}}
	for u := begin + stride; u < zonesTo+10*day; u += stride {
		for last := c.moves[len(c.moves)-1]; offset(u) != last.offset; last = c.moves[len(c.moves)-1] {
			low, high := max(last.at, u-stride), u // not yet moved, moved
			for high-low > 1 {
				if middle := (low + high) / 2; offset(middle) == last.offset {
					low = middle
				} else {
					high = middle
				}
			}
			if high%60 != 0 || offset(high)%60 != 0 {
				t.Fatalf("%s moves at %d to %d: want whole minutes", loc, high, offset(high))
			}
			c.moves = append(c.moves, move{high, offset(high)})
		}
	}
	for _, m := range c.moves {
		if !slices.Contains(c.offsets, m.offset) {
			c.offsets = append(c.offsets, m.offset)
		}
	}
	return c
}

func (c *zoneClock) offset(u int64) int64 {
	at := c.cursor(u)
	return at.offset(u)
}

// highest returns the latest that the clock shows from one instant to another.
func (c *zoneClock) highest(from, to int64) int64 {
	high := to + c.offset(to)
	for _, m := range c.moves[1:] {
		if from < m.at && m.at <= to {
			high = max(high, m.at-60+c.offset(m.at-60))
		}
	}
	return high
}

// cursor reads a clock forward.
type cursor struct {
	rest []move
	now  int64
}

func (c *zoneClock) cursor(u int64) cursor {
	i, found := slices.BinarySearchFunc(c.moves, u, func(m move, u int64) int { return int(m.at - u) })
	if !found {
		i--
	}
	i = max(i, 0)
	return cursor{c.moves[i+1:], c.moves[i].offset}
}

func (c *cursor) offset(u int64) int64 {
	for len(c.rest) > 0 && c.rest[0].at <= u {
		c.now, c.rest = c.rest[0].offset, c.rest[1:]
	}
	return c.now
}

// civil turns days since the epoch into a date of the Gregorian calendar.
func civil(days int64) (month time.Month, dayOfMonth int) {
	y := 1970
	for {
		n := int64(365)
		if leap(y) {
			n++
		}
		if days < n {
			break
		}
		days -= n
		y++
	}
	for m, n := range []int64{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31} {
		if m == 1 && leap(y) {
			n++
		}
		if days < n {
			return time.Month(m + 1), int(days) + 1
		}
		days -= n
	}
	panic("unreachable")
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// weekday counts from 1 January 1970, a Thursday.
func weekday(days int64) time.Weekday { return time.Weekday((days + 4) % 7) }
