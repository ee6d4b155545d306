package spec

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// oracle is a cron expression written down from crontab(5) alone: sets of
// values and a scan over every tick. It shares nothing with the package, and
// neither with robfig/cron, but the text it gives to Parse.
type oracle struct {
	text               string
	sets               [6][64]bool // second, minute, hour, day, month, day of week
	freeDay, freeWeek  bool        // day of month, day of week unrestricted
	gapSkip, foldBoth  bool
	starMinute, starHr bool
}

var (
	oracleMin   = [6]int{0, 0, 0, 1, 1, 0}
	oracleMax   = [6]int{59, 59, 23, 31, 12, 6}
	oracleNames = [6][]string{
		4: {"", "jan", "Feb", "MAR", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"},
		5: {"sun", "Mon", "TUE", "wed", "thu", "fri", "sat"},
	}
)

func drawOracle(t *rapid.T) *oracle {
	o := &oracle{}
	var texts []string
	seconds := rapid.Bool().Draw(t, "six fields")
	for f := range 6 {
		if f == 0 && !seconds {
			o.sets[0][0] = true
			continue
		}
		var members []string
		for range rapid.IntRange(1, 3).Draw(t, "members") {
			members = append(members, o.drawMember(t, f))
		}
		texts = append(texts, strings.Join(members, ","))
	}
	o.text = strings.Join(texts, " ")
	o.gapSkip = o.starMinute || o.starHr
	o.foldBoth = o.gapSkip
	return o
}

func (o *oracle) drawMember(t *rapid.T, f int) string {
	from, to := oracleMin[f], oracleMax[f]
	step := 1
	stepped := rapid.IntRange(0, 2).Draw(t, "stepped") == 0
	if stepped {
		step = rapid.IntRange(1, to-from+1).Draw(t, "step")
	}
	var text string
	switch rapid.SampledFrom([]string{"star", "value", "value", "range"}).Draw(t, "kind") {
	case "star":
		text = rapid.SampledFrom([]string{"*", "?"}).Draw(t, "star")
		o.star(f, step)
	case "value":
		from = rapid.IntRange(from, to).Draw(t, "value")
		if !stepped {
			to = from
		}
		text = drawValue(t, f, from)
	case "range":
		if f == 5 {
			to = 7
		}
		from = rapid.IntRange(from, to).Draw(t, "low")
		to = rapid.IntRange(from, to).Draw(t, "high")
		text = drawValue(t, f, from) + "-" + drawValue(t, f, to)
		if f == 5 && from%7 == 0 { // "sun" is 0 at a range's begin and after 0
			text = fmt.Sprintf("%d-%d", from, to)
		}
	}
	for v := from; v <= to; v += step {
		if f == 5 {
			o.sets[f][v%7] = true
		} else {
			o.sets[f][v] = true
		}
	}
	if stepped {
		text += fmt.Sprintf("/%d", step)
	}
	return text
}

func (o *oracle) star(f, step int) {
	switch f {
	case 1:
		o.starMinute = true
	case 2:
		o.starHr = true
	case 3:
		o.freeDay = o.freeDay || step == 1
	case 5:
		o.freeWeek = o.freeWeek || step == 1
	}
}

func drawValue(t *rapid.T, f, v int) string {
	if oracleNames[f] != nil && rapid.Bool().Draw(t, "named") {
		return oracleNames[f][v%len(oracleNames[f])]
	}
	return rapid.SampledFrom([]string{fmt.Sprint(v), fmt.Sprintf("%02d", v)}).Draw(t, "digits")
}

// date tells whether a day matches, by the rule of crontab(5): either field
// does when both are restricted, else both.
func (o *oracle) date(m time.Month, d int, w time.Weekday) bool {
	inDays, inWeek := o.sets[3][d], o.sets[5][w]
	if !o.freeDay && !o.freeWeek {
		return o.sets[4][m] && (inDays || inWeek)
	}
	return o.sets[4][m] && inDays && inWeek
}

// match tells whether what a wall clock shows (as if in UTC) matches.
func (o *oracle) match(w time.Time) bool {
	h, m, s := w.Clock()
	if !o.sets[0][s] || !o.sets[1][m] || !o.sets[2][h] {
		return false
	}
	return o.date(w.Month(), w.Day(), w.Weekday())
}

func shown(u int64, loc *time.Location) int64 {
	t := time.Unix(u, 0).In(loc)
	y, mo, d := t.Date()
	h, m, s := t.Clock()
	return time.Date(y, mo, d, h, m, s, 0, time.UTC).Unix()
}

// fires scans the ticks from begin to end, and two days before for what the
// clock had shown already.
func (o *oracle) fires(loc *time.Location, begin, end, tick int64) []int64 {
	var fires []int64
	seen := shown(begin-2*day, loc)
	for u := begin - 2*day + tick; u <= end; u += tick {
		w := shown(u, loc)
		hit := (w > seen || o.foldBoth) && o.match(time.Unix(w, 0).UTC())
		for skipped := seen + tick; skipped < w && !o.gapSkip && !hit; skipped += tick {
			hit = o.match(time.Unix(skipped, 0).UTC())
		}
		if hit && u >= begin {
			fires = append(fires, u)
		}
		seen = max(seen, w)
	}
	return fires
}

var oracleZones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu",
	"Pacific/Apia", "Pacific/Kwajalein", "Africa/Casablanca", "Africa/Monrovia", "America/Santiago",
	"Antarctica/Troll", "Europe/Dublin", "Asia/Gaza", "America/Caracas", "Pacific/Kiritimati", "America/Scoresbysund",
}

// drawInstant prefers the surroundings of a clock change and of a year's end.
func drawInstant(t *rapid.T, loc *time.Location) int64 {
	u := rapid.Int64Range(time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC).Unix(),
		time.Date(2110, 1, 1, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "instant")
	switch rapid.IntRange(0, 7).Draw(t, "near") {
	case 0:
		return u
	case 1:
		u = time.Date(time.Unix(u, 0).Year(), 12, 31, 0, 0, 0, 0, time.UTC).Unix()
	default:
		start, end := time.Unix(u, 0).In(loc).ZoneBounds()
		if !end.IsZero() {
			u = end.Unix()
		} else if !start.IsZero() {
			u = start.Unix()
		}
	}
	return u - rapid.Int64Range(0, 86_400).Draw(t, "before")
}

func checkOracle(t *rapid.T, change func(*rapid.T, *oracle)) {
	o := drawOracle(t)
	change(t, o)
	zone := rapid.SampledFrom(oracleZones).Draw(t, "zone")
	s, err := Parse(o.text, zone)
	if err != nil {
		if strings.Contains(err.Error(), "never fires") && !o.everFires() {
			t.Skip(err)
		}
		t.Fatalf("Parse(%q): %v", o.text, err)
	}
	r, ok := s.rule.(*cronRule)
	if !ok {
		t.Fatalf("Parse(%q) made a %T", o.text, s.rule)
	}
	r.policy = policy{gapSkip: o.gapSkip, foldBoth: o.foldBoth}
	begin := drawInstant(t, r.loc)
	tick, length := int64(60), int64(5*day)
	if len(strings.Fields(o.text)) == 6 || shown(begin, r.loc)%60 != begin%60 || shown(begin+length, r.loc)%60 != begin%60 {
		tick, length = 1, day+day/2
	}
	begin -= begin % tick
	want := o.fires(r.loc, begin, begin+length, tick)
	next, prev := walk(s, begin, begin+length)
	if !slices.Equal(next, want) {
		t.Fatalf("%q in %s from %s: Next %s", o.text, zone, time.Unix(begin, 0).In(r.loc), differ(next, want, r.loc))
	}
	if !slices.Equal(prev, want) {
		t.Fatalf("%q in %s from %s: Prev %s", o.text, zone, time.Unix(begin, 0).In(r.loc), differ(prev, want, r.loc))
	}
}

// walk returns the nominal times from begin to end, by Next and by Prev.
func walk(s *Spec, begin, end int64) (next, prev []int64) {
	for t, ok := s.Next(time.Unix(begin, -1), time.Time{}); ok && t.Unix() <= end; t, ok = s.Next(t, time.Time{}) {
		next = append(next, t.Unix())
	}
	for t, ok := s.Prev(time.Unix(end, 0), time.Time{}); ok && t.Unix() >= begin; t, ok = s.Prev(t.Add(-1), time.Time{}) {
		prev = append(prev, t.Unix())
	}
	slices.Reverse(prev)
	return next, prev
}

func differ(got, want []int64, loc *time.Location) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("[%d] is %s, want %s", i, time.Unix(got[i], 0).In(loc), time.Unix(want[i], 0).In(loc))
		}
	}
	return fmt.Sprintf("has %d times, want %d", len(got), len(want))
}

// everFires looks at 28 years, in which every date meets every day of week.
func (o *oracle) everFires() bool {
	for d := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2028; d = d.AddDate(0, 0, 1) {
		if o.date(d.Month(), d.Day(), d.Weekday()) {
			return true
		}
	}
	return false
}

func TestOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { checkOracle(t, func(*rapid.T, *oracle) {}) })
}

// The two policies that no spec chooses yet hold as well.
func TestOraclePolicies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		checkOracle(t, func(t *rapid.T, o *oracle) {
			o.gapSkip = rapid.Bool().Draw(t, "skip the gap")
			o.foldBoth = !o.gapSkip
		})
	})
}

// Sparse specs are compared day by day over the longest gap there is.
func TestOracleDates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := drawOracle(t)
		fields := strings.Fields(o.text)
		text := "0 12 " + strings.Join(fields[len(fields)-3:], " ")
		s, err := Parse(text, "")
		if err != nil {
			if !o.everFires() {
				t.Skip(err)
			}
			t.Fatal(err)
		}
		d := time.Unix(drawInstant(t, time.UTC), 0).UTC().Truncate(24 * time.Hour)
		var want, got []int64
		for i := range 9 * 366 {
			if n := d.AddDate(0, 0, i); o.date(n.Month(), n.Day(), n.Weekday()) {
				want = append(want, n.Unix()+day/2)
			}
		}
		got, _ = walk(s, d.Unix(), d.AddDate(0, 0, 9*366).Unix()-1)
		if !slices.Equal(got, want) {
			t.Fatalf("%q from %s: %s", text, d, differ(got, want, time.UTC))
		}
	})
}
