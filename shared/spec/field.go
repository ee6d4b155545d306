package spec

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/weplanx/workflow/shared/contract"
)

// field is one of the six fields of a cron expression.
type field struct {
	name     string
	min, max int
	names    string // three letters each, of the values from min on
	want     string // the values, in words
}

const dayOfWeek = 5

var cronFields = [6]field{
	{name: "second", max: 59, want: "0 to 59"},
	{name: "minute", max: 59, want: "0 to 59"},
	{name: "hour", max: 23, want: "0 to 23"},
	{name: "day of month", min: 1, max: 31, want: "1 to 31"},
	{name: "month", min: 1, max: 12, names: "janfebmaraprmayjunjulaugsepoctnovdec", want: "1 to 12 or jan to dec"},
	{name: "day of week", max: 6, names: "sunmontuewedthufrisat", want: "0 to 7 or sun to sat"},
}

func parseCron(body string, loc *time.Location) (rule, *contract.FieldError) {
	parts := strings.Fields(body)
	if len(parts) == 5 {
		parts = append([]string{"0"}, parts...)
	}
	if len(parts) != 6 {
		return nil, bad(fmt.Sprintf("has %d fields, want 5 (minute, hour, day of month, month, day of week)"+
			" or 6 (second first)", len(parts)))
	}
	wildcard := false
	for i := range cronFields {
		f := &cronFields[i]
		plain, star, err := f.plain(parts[i])
		if err != nil {
			return nil, err
		}
		parts[i] = plain
		wildcard = wildcard || star && (f.name == "minute" || f.name == "hour")
	}
	sets, err := robfig(strings.Join(parts, " "))
	if err != nil {
		return nil, bad("cannot be read: " + quote(err.Error()))
	}
	return newCronRule(sets, loc, wildcard)
}

var parser = cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// robfig contains the parser: whatever it does, an error comes back.
func robfig(expression string) (sets *cron.SpecSchedule, err error) {
	defer func() {
		if r := recover(); r != nil {
			sets, err = nil, fmt.Errorf("parser: %v", r)
		}
	}()
	s, err := parser.Parse(expression)
	if err != nil {
		return nil, err
	}
	sets, ok := s.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("parser: returned a %T", s)
	}
	return sets, nil
}

// plain checks a field and writes it in digits. star tells whether a member
// begins with "*" or "?".
func (f *field) plain(text string) (plain string, star bool, err *contract.FieldError) {
	var b strings.Builder
	for member := range strings.SplitSeq(text, ",") {
		if member == "" {
			return "", false, bad("has " + f.name + " " + quote(text) + " with an empty member, want values between commas")
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		base, step, err := f.cutStep(member)
		if err != nil {
			return "", false, err
		}
		if base == "*" || base == "?" {
			star = true
			b.WriteByte('*')
			writeStep(&b, step)
			continue
		}
		if err := f.writeRange(&b, member, base, step); err != nil {
			return "", false, err
		}
	}
	return b.String(), star, nil
}

// cutStep splits a member at its slash. step is 0 when there is none.
func (f *field) cutStep(member string) (base string, step int, err *contract.FieldError) {
	base, text, ok := strings.Cut(member, "/")
	if !ok {
		return base, 0, nil
	}
	most := f.max - f.min + 1
	step, ok = number(text)
	if !ok || step < 1 || step > most {
		return "", 0, bad("has " + f.name + " " + quote(member) + " with step " + quote(text) +
			", want 1 to " + strconv.Itoa(most))
	}
	return base, step, nil
}

// writeRange writes a member that is a value or a range.
func (f *field) writeRange(b *strings.Builder, member, base string, step int) *contract.FieldError {
	lowText, highText, ranged := strings.Cut(base, "-")
	low, ok := f.value(lowText)
	high := low
	if ok && ranged {
		high, ok = f.value(highText)
		if ok && f.isSunday(high) && low > 0 && strings.EqualFold(highText, "sun") {
			high = 7
		}
	}
	switch {
	case !ok:
		return bad("has " + f.name + " " + quote(member) + ", want " + f.want)
	case low > high:
		return bad("has " + f.name + " " + quote(member) + ", want the lower value first")
	case high > f.max: // Sunday as 7, which robfig does not know
		writeWithSeven(b, low, step, ranged)
	case ranged:
		fmt.Fprintf(b, "%d-%d", low, high)
		writeStep(b, step)
	default:
		b.WriteString(strconv.Itoa(low))
		writeStep(b, step)
	}
	return nil
}

func (f *field) isSunday(v int) bool { return f == &cronFields[dayOfWeek] && v%7 == 0 }

// writeWithSeven writes a range of days of week that ends with 7, or 7 alone,
// as a list.
func writeWithSeven(b *strings.Builder, low, step int, ranged bool) {
	if !ranged {
		b.WriteByte('0')
		writeStep(b, step)
		return
	}
	for v := low; v <= 7; v += max(step, 1) {
		if v > low {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(v % 7))
	}
}

func writeStep(b *strings.Builder, step int) {
	if step > 0 {
		b.WriteByte('/')
		b.WriteString(strconv.Itoa(step))
	}
}

// value reads a number or a name. Sunday may be 7.
func (f *field) value(text string) (v int, ok bool) {
	if len(text) == 3 {
		if i := strings.Index(f.names, strings.ToLower(text)); i >= 0 && i%3 == 0 {
			return f.min + i/3, true
		}
	}
	v, ok = number(text)
	return v, ok && v >= f.min && (v <= f.max || f.isSunday(v) && v == 7)
}

// number reads 1 to 4 digits.
func number(text string) (n int, ok bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, len(text) >= 1 && len(text) <= 4
}
