package spec

import (
	"strconv"
	"strings"
	"testing"
)

// readCrontab makes an oracle of a text: POSIX crontab's lists and ranges with
// crontab(5)'s steps and names, and a field for seconds. It is written from
// those texts alone and knows no errors but a failing test.
func readCrontab(t testing.TB, text string) *oracle {
	t.Helper()
	fields := strings.Fields(text)
	if len(fields) == 5 {
		fields = append([]string{"0"}, fields...)
	}
	o := &oracle{text: text}
	for f, field := range fields {
		for _, member := range strings.Split(field, ",") {
			o.readMember(t, f, member)
		}
	}
	o.gapSkip = o.starMinute || o.starHr
	o.foldBoth = o.gapSkip
	return o
}

func (o *oracle) readMember(t testing.TB, f int, member string) {
	t.Helper()
	base, stepText, stepped := strings.Cut(member, "/")
	step := 1
	if stepped {
		step = readValue(t, 0, stepText)
	}
	from, to := oracleMin[f], oracleMax[f]
	low, high, ranged := strings.Cut(base, "-")
	switch {
	case base == "*" || base == "?":
		o.star(f, step)
	case ranged:
		from, to = readValue(t, f, low), readValue(t, f, high)
	default:
		from = readValue(t, f, base)
		if !stepped {
			to = from
		}
	}
	for v := from; v <= to; v += step {
		if f == 5 {
			o.sets[f][v%7] = true
		} else {
			o.sets[f][v] = true
		}
	}
}

func readValue(t testing.TB, f int, text string) int {
	t.Helper()
	for v, name := range oracleNames[f] {
		if name != "" && strings.EqualFold(name, text) {
			return v
		}
	}
	v, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// scan is an oracle's view of a stretch of time on a zone's clock: what fires
// in it, minute by minute. Begin, end and all moves of the clock are at whole
// minutes.
type scan struct {
	o          *oracle
	clock      *zoneClock
	begin, end int64
	date       int64 // the date that was looked at last
	matches    bool  // whether it matches
}

// minute tells whether some second of a wall clock's minute matches.
func (s *scan) minute(w int64) bool {
	clock := w % day
	if !s.o.sets[2][clock/3600] || !s.o.sets[1][clock/60%60] {
		return false
	}
	if date := w - clock; date != s.date {
		m, d := civil(date / day)
		s.date, s.matches = date, s.o.date(m, d, weekday(date/day))
	}
	return s.matches
}

// fires goes through the minutes. A match fires when it is shown, the second
// time only under foldBoth; what a gap left out fires right after it, once,
// unless gapSkip.
func (s *scan) fires(gapSkip, foldBoth bool) (list []int64) {
	s.date = -1
	seen := s.clock.highest(s.begin-2*day, s.begin-60)
	at := s.clock.cursor(s.begin)
	for u := s.begin; u <= s.end; u += 60 {
		w := u + at.offset(u)
		made := false
		for skipped := seen + 60; skipped < w && !gapSkip && !made; skipped += 60 {
			made = s.minute(skipped)
		}
		hit := (w > seen || foldBoth) && s.minute(w)
		for second := range int64(60) {
			if hit && s.o.sets[0][second] || made && second == 0 {
				list = append(list, u+second)
			}
		}
		seen = max(seen, w)
	}
	return list
}

// mark tells how an instant is touched: by whether what the clock shows then is
// a match, and by when else it shows that.
func (s *scan) mark(u int64) Shift {
	w := u + s.clock.offset(u)
	if !s.minute(w-w%60) || !s.o.sets[0][w%60] {
		return ShiftGap
	}
	for _, offset := range s.clock.offsets {
		if other := w - offset; other < u && s.clock.offset(other) == offset {
			return ShiftSecond
		}
	}
	for _, offset := range s.clock.offsets {
		if other := w - offset; other > u && s.clock.offset(other) == offset {
			return ShiftFirst
		}
	}
	return ShiftNone
}
