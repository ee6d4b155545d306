package changelog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// Check returns all that is wrong with the CHANGELOG of a module, each with its
// line where it has one, or nil.
func Check(text, module string) error {
	log := Parse(text)
	problems := []error{log.checkTitle(), log.checkOrder()}
	for _, s := range log.Sections {
		problems = append(problems, s.check())
	}
	problems = append(problems, log.checkLinks(module))
	return errors.Join(problems...)
}

func (l Log) checkTitle() error {
	if !strings.HasPrefix(l.Title, "# Changelog") {
		return errors.New("line 1: is no title, want # Changelog")
	}
	return nil
}

// checkOrder wants Unreleased first, then versions that fall and dates that do
// not rise.
func (l Log) checkOrder() error {
	if len(l.Sections) == 0 || l.Sections[0].Version != Unreleased {
		return errors.New("the first section is not ## [Unreleased]")
	}
	var problems []error
	for i, s := range l.Sections[1:] {
		above := l.Sections[i]
		switch {
		case s.Version == Unreleased:
			problems = append(problems, s.problem("is there twice"))
		case above.Version == Unreleased:
		case semver.Compare("v"+above.Version, "v"+s.Version) <= 0:
			problems = append(problems, s.problem("stands below %s, want the newest version first", above.Version))
		case above.Date < s.Date:
			problems = append(problems, s.problem("has the date %s, after %s of %s", s.Date, above.Date, above.Version))
		}
	}
	return errors.Join(problems...)
}

func (s Section) problem(format string, args ...any) error {
	return fmt.Errorf("line %d: section %s "+format, append([]any{s.Line, s.Version}, args...)...)
}

// check looks at one section.
func (s Section) check() error {
	problems := []error{s.checkKinds()}
	if s.Version == Unreleased {
		if s.Date != "" {
			problems = append(problems, s.problem("has a date, want none"))
		}
		return errors.Join(problems...)
	}
	if v := "v" + s.Version; !semver.IsValid(v) || semver.Canonical(v) != v {
		problems = append(problems, s.problem("is no semantic version, want ## [X.Y.Z] - YYYY-MM-DD"))
	}
	if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
		problems = append(problems, s.problem("has the date %q, want YYYY-MM-DD", s.Date))
	}
	if s.Entries() == 0 {
		problems = append(problems, s.problem("has no entry, want what changed"))
	}
	return errors.Join(problems...)
}

// checkKinds wants every entry below a heading of Keep a Changelog, each of
// which is there once and has entries.
func (s Section) checkKinds() error {
	var problems []error
	var seen []string
	entries := 0
	empty := func() {
		if len(seen) > 0 && entries == 0 {
			problems = append(problems, s.problem("has nothing below ### %s", seen[len(seen)-1]))
		}
	}
	for line := range strings.Lines(s.Body) {
		line = strings.TrimRight(line, " \n")
		kind, isKind := strings.CutPrefix(line, "### ")
		switch {
		case isKind:
			empty()
			if !slices.Contains(kinds, kind) {
				problems = append(problems, s.problem("has the heading ### %s, want one of %s", kind, strings.Join(kinds, ", ")))
			} else if slices.Contains(seen, kind) {
				problems = append(problems, s.problem("has the heading ### %s twice", kind))
			}
			seen, entries = append(seen, kind), 0
		case strings.HasPrefix(line, "- "):
			if entries++; len(seen) == 0 {
				problems = append(problems, s.problem("has entries above its first ### heading"))
				seen = append(seen, "")
			}
		case line != "" && !strings.HasPrefix(line, "  ") && len(seen) > 0:
			problems = append(problems, s.problem("has the line %q, want an entry that begins with - or is indented", line))
		}
	}
	empty()
	return errors.Join(problems...)
}

func (l Log) checkLinks(module string) error {
	want := l.links(module)
	if slices.Equal(l.Links, want) {
		return nil
	}
	if len(want) == 0 {
		return errors.New("there are links, want none before the first version")
	}
	return fmt.Errorf("the links are wrong, want at the end:\n%s", format(want))
}
