package spec

import (
	"math/bits"
	"time"
)

// Count returns how many nominal times lie after one instant and not after
// another: as many as calls of Next would find. anchor is where "@every" counts
// from; other specs ignore it. The work grows with the months and the moves of
// the clock in between, not with the number: well under a millisecond for 50
// years.
func (s *Spec) Count(after, to, anchor time.Time) int64 {
	if after.Before(first) {
		after = first.Add(-1)
	}
	if to.After(last) {
		to = last
	}
	if !after.Before(to) {
		return 0
	}
	return s.rule.count(utc(after), utc(to), utc(anchor))
}

func (r *cronRule) count(after, to, _ time.Time) int64 {
	return r.countSeconds(after.Unix()+1, to.Unix())
}

// countSeconds counts the nominal times from one instant to another, both
// included, segment by segment. It is nextSecond without the search.
func (r *cronRule) countSeconds(u, to int64) (n int64) {
	for u <= to {
		s := segmentAt(r.loc, u)
		from, end := u+s.offset, min(s.end-1, to)
		if high := r.highWater(s, u); high > -forever {
			if u == s.start && !r.gapSkip && r.within(high+1, from-1) && !r.within(from, from) {
				n++ // right after the gap; a match at that instant is counted below
			}
			if !r.foldBoth {
				from = max(from, high+1)
			}
		}
		n += r.calendar.count(from, end+s.offset)
		u = end + 1
	}
	return n
}

// count returns how many matches lie between two wall times, both included.
func (c *calendar) count(from, to int64) (n int64) {
	if from > to {
		return 0
	}
	begin, clock := split(from)
	end, endClock := split(to)
	whole := c.countClock(day - 1)
	y, m, d := begin.Date()
	for month := wall(y, m, 1); month <= end.Unix(); {
		set := c.month(y, m)
		if month < begin.Unix() {
			set = set >> d << d
		}
		if m++; m > time.December {
			y, m = y+1, time.January
		}
		next := wall(y, m, 1)
		if next > end.Unix() {
			set &= 2<<end.Day() - 1
		}
		n += int64(bits.OnesCount32(set)) * whole
		month = next
	}
	if c.matches(begin) && clock > 0 {
		n -= c.countClock(clock - 1)
	}
	if c.matches(end) {
		n -= whole - c.countClock(endClock)
	}
	return n
}

// matches reports whether a date is one of the calendar's.
func (c *calendar) matches(date time.Time) bool {
	y, m, d := date.Date()
	return c.month(y, m)&(1<<d) != 0
}

// countClock returns how many matches a matching day has up to s seconds after
// midnight, included.
func (c *calendar) countClock(s int64) int64 {
	h, m, s := s/3600, s/60%60, s%60
	seconds, minutes := ones(c.second), ones(c.minute)
	n := ones(uint64(c.hour)&(1<<h-1)) * minutes * seconds
	if c.hour&(1<<h) == 0 {
		return n
	}
	n += ones(c.minute&(1<<m-1)) * seconds
	if c.minute&(1<<m) != 0 {
		n += ones(c.second & (2<<s - 1))
	}
	return n
}

func ones(set uint64) int64 { return int64(bits.OnesCount64(set)) }

func (e every) count(after, to, anchor time.Time) int64 {
	begin, ok := e.next(after, anchor)
	if !ok || begin.After(to) {
		return 0
	}
	return int64(to.Sub(begin)/time.Duration(e)) + 1
}

func (a at) count(after, to, _ time.Time) int64 {
	if a.time.After(after) && !a.time.After(to) {
		return 1
	}
	return 0
}
