package spec

import (
	"math/bits"
	"time"

	"github.com/robfig/cron/v3"
)

// starBit is how robfig/cron marks a field that has no restriction.
const starBit = 1 << 63

// calendar are the wall times that a cron expression matches, as bit sets.
// Wall times are counted in seconds as if the wall clock showed UTC.
type calendar struct {
	second, minute uint64
	hour           uint32
	days           uint32 // of the month
	months         uint16
	weekdays       uint8
	either         bool // a day matches that is in days or in weekdays
}

func newCalendar(s *cron.SpecSchedule) calendar {
	return calendar{
		second:   s.Second &^ starBit,
		minute:   s.Minute &^ starBit,
		hour:     uint32(s.Hour &^ starBit),  //nolint:gosec // bits 0 to 23
		days:     uint32(s.Dom &^ starBit),   //nolint:gosec // bits 1 to 31
		months:   uint16(s.Month &^ starBit), //nolint:gosec // bits 1 to 12
		weekdays: uint8(s.Dow &^ starBit),    //nolint:gosec // bits 0 to 6
		either:   s.Dom&starBit == 0 && s.Dow&starBit == 0,
	}
}

// firstYear and lastYear bound the search, one year wider than the nominal
// times because wall clocks are ahead of or behind UTC.
const (
	firstYear = 1969
	lastYear  = 2262
)

// ceil returns the first match at or after the wall time w.
func (c *calendar) ceil(w int64) (int64, bool) {
	date, clock := split(w)
	y, m, d := date.Date()
	if c.month(y, m)&(1<<d) != 0 {
		if s, ok := c.ceilClock(clock); ok {
			return date.Unix() + s, true
		}
	}
	for low := d + 1; y <= lastYear; low = 1 {
		if set := c.month(y, m) >> low << low; set != 0 {
			d = bits.TrailingZeros32(set)
			return wall(y, m, d) + c.firstClock(), true
		}
		if m++; m > time.December {
			y, m = y+1, time.January
		}
	}
	return 0, false
}

// floor returns the last match at or before the wall time w.
func (c *calendar) floor(w int64) (int64, bool) {
	date, clock := split(w)
	y, m, d := date.Date()
	if c.month(y, m)&(1<<d) != 0 {
		if s, ok := c.floorClock(clock); ok {
			return date.Unix() + s, true
		}
	}
	for high := d; y >= firstYear; high = 32 {
		if set := c.month(y, m) & uint32(1<<high-1); set != 0 {
			d = bits.Len32(set) - 1
			return wall(y, m, d) + c.lastClock(), true
		}
		if m--; m < time.January {
			y, m = y-1, time.December
		}
	}
	return 0, false
}

// month returns the matching days of a month, as bits 1 to 31.
func (c *calendar) month(y int, m time.Month) uint32 {
	if c.months&(1<<m) == 0 {
		return 0
	}
	begin := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	length := time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
	shift := begin.Weekday() // rotate so that bit 0 is the month's first day
	week := uint64(c.weekdays>>shift|c.weekdays<<(7-shift)) & 0x7f
	weeks := uint32((week | week<<7 | week<<14 | week<<21 | week<<28) << 1) //nolint:gosec // 31 bits are wanted
	all := uint32(1<<(length+1) - 2)
	if c.either {
		return (c.days | weeks) & all
	}
	return c.days & weeks & all
}

// ceilClock returns the first match in a day at or after s seconds.
func (c *calendar) ceilClock(s int64) (int64, bool) {
	h, m, s := s/3600, s/60%60, s%60
	if c.hour&(1<<h) != 0 {
		if c.minute&(1<<m) != 0 {
			if set := c.second >> s << s; set != 0 {
				return h*3600 + m*60 + low(set), true
			}
		}
		if set := c.minute >> (m + 1) << (m + 1); set != 0 {
			return h*3600 + low(set)*60 + low(c.second), true
		}
	}
	if set := uint64(c.hour >> (h + 1) << (h + 1)); set != 0 {
		return low(set)*3600 + low(c.minute)*60 + low(c.second), true
	}
	return 0, false
}

// floorClock returns the last match in a day at or before s seconds.
func (c *calendar) floorClock(s int64) (int64, bool) {
	h, m, s := s/3600, s/60%60, s%60
	if c.hour&(1<<h) != 0 {
		if c.minute&(1<<m) != 0 {
			if set := c.second & (2<<s - 1); set != 0 {
				return h*3600 + m*60 + high(set), true
			}
		}
		if set := c.minute & (1<<m - 1); set != 0 {
			return h*3600 + high(set)*60 + high(c.second), true
		}
	}
	if set := uint64(c.hour & (1<<h - 1)); set != 0 {
		return high(set)*3600 + high(c.minute)*60 + high(c.second), true
	}
	return 0, false
}

func (c *calendar) firstClock() int64 {
	return low(uint64(c.hour))*3600 + low(c.minute)*60 + low(c.second)
}

func (c *calendar) lastClock() int64 {
	return high(uint64(c.hour))*3600 + high(c.minute)*60 + high(c.second)
}

func low(set uint64) int64  { return int64(bits.TrailingZeros64(set)) }
func high(set uint64) int64 { return int64(bits.Len64(set)) - 1 }

// split parts a wall time into its date and the seconds since midnight.
func split(w int64) (date time.Time, clock int64) {
	clock = w % day
	if clock < 0 {
		clock += day
	}
	return time.Unix(w-clock, 0).UTC(), clock
}

func wall(y int, m time.Month, d int) int64 {
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()
}
