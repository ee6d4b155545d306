package spec

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/weplanx/workflow/shared/contract"
)

// MaxLength is the longest text a spec may have, in bytes.
const MaxLength = 256

// Limits of "@every".
const (
	MinEvery = 100 * time.Millisecond
	MaxEvery = 10 * 365 * 24 * time.Hour
)

const blanks = " \t"

func parse(text, timezone string) (*Spec, *contract.FieldError) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	body, zone, err := cutZone(strings.Trim(text, blanks))
	if err != nil {
		return nil, err
	}
	loc, err := chooseZone(zone, timezone)
	if err != nil {
		return nil, err
	}
	r, err := parseRule(body, loc)
	if err != nil {
		return nil, err
	}
	return &Spec{text: trimmed(text), rule: r}, nil
}

func parseRule(body string, loc *time.Location) (rule, *contract.FieldError) {
	if body == "" {
		return nil, bad("is empty, want a cron expression, \"@every 15s\" or \"@at\" with a time")
	}
	if body[0] != '@' {
		return parseCron(body, loc)
	}
	name, argument := body, ""
	if i := strings.IndexAny(body, blanks); i >= 0 {
		name, argument = body[:i], strings.Trim(body[i:], blanks)
	}
	switch name {
	case "@every":
		return parseEvery(argument)
	case "@at":
		return parseAt(argument)
	}
	expression, ok := descriptors[name]
	switch {
	case !ok:
		return nil, bad("has " + quote(name) +
			", want @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @every or @at")
	case argument != "":
		return nil, bad("has " + quote(argument) + " after " + name + ", want nothing there")
	}
	return parseCron(expression, loc)
}

// checkText lets through printable ASCII with spaces and tabs: no spec needs
// more, and what remains can be shown and logged.
func checkText(text string) *contract.FieldError {
	if len(text) > MaxLength {
		return bad(fmt.Sprintf("has %d bytes, want at most %d", len(text), MaxLength))
	}
	if !utf8.ValidString(text) {
		return bad("is " + quote(text) + ", which is not UTF-8, want ASCII characters")
	}
	for _, r := range text {
		if (r < ' ' && r != '\t') || r > '~' {
			return bad("contains " + strconv.QuoteRuneToASCII(r) + ", want ASCII characters, spaces and tabs")
		}
	}
	return nil
}

// cutZone splits "TZ=Zone " or "CRON_TZ=Zone " off. zone is empty when there is
// no such prefix.
func cutZone(text string) (body, zone string, err *contract.FieldError) {
	rest, ok := strings.CutPrefix(text, "CRON_TZ=")
	if !ok {
		rest, ok = strings.CutPrefix(text, "TZ=")
	}
	if !ok {
		return text, "", nil
	}
	i := strings.IndexAny(rest, blanks)
	switch {
	case i < 0:
		return "", "", bad("is " + quote(text) + ", want the zone, a space and then the schedule")
	case i == 0:
		return "", "", bad("names no zone after \"=\", want one such as \"TZ=Europe/Berlin \"")
	}
	return strings.Trim(rest[i:], blanks), rest[:i], nil
}

func bad(problem string) *contract.FieldError {
	return &contract.FieldError{Field: "spec", Problem: problem}
}

// quote shows a value in an error, shortened and free of control characters.
func quote(s string) string {
	const limit = 64
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "…"
	}
	return strconv.QuoteToASCII(s)
}
