package changelog

import (
	"regexp"
	"strings"
)

var (
	heading = regexp.MustCompile(`^## (.*)$`)
	named   = regexp.MustCompile(`^\[([^\]]+)\](?: - (\S+))?$`)
	link    = regexp.MustCompile(`^\[([^\]]+)\]: (\S+)$`)
)

// Parse reads a CHANGELOG. It takes whatever is there; Check tells whether it is
// right.
func Parse(text string) Log {
	var log Log
	var above []string
	body := &above
	flush := func() {
		joined := strings.Trim(strings.Join(*body, "\n"), "\n")
		if n := len(log.Sections); n > 0 {
			log.Sections[n-1].Body = joined
		} else {
			log.Title = joined
		}
	}
	for i, line := range strings.Split(text, "\n") {
		if found := link.FindStringSubmatch(line); found != nil {
			log.Links = append(log.Links, Link{found[1], found[2]})
			continue
		}
		if found := heading.FindStringSubmatch(line); found != nil {
			flush()
			body = new([]string)
			log.Sections = append(log.Sections, section(found[1], i+1))
			continue
		}
		*body = append(*body, line)
	}
	flush()
	return log
}

// section is a heading's; one of another form keeps its text as the version,
// which Check refuses.
func section(text string, line int) Section {
	if found := named.FindStringSubmatch(text); found != nil {
		return Section{Version: found[1], Date: found[2], Line: line}
	}
	return Section{Version: text, Line: line}
}

// Section returns the section of a version, which may begin with "v".
func (l Log) Section(version string) (Section, bool) {
	for _, s := range l.Sections {
		if s.Version == strings.TrimPrefix(version, "v") {
			return s, true
		}
	}
	return Section{}, false
}

// Latest returns the newest version, with its "v", or "" where there is none.
func (l Log) Latest() string {
	for _, s := range l.Sections {
		if s.Version != Unreleased {
			return "v" + s.Version
		}
	}
	return ""
}

// Entries counts the entries of a section.
func (s Section) Entries() int {
	n := 0
	for line := range strings.Lines(s.Body) {
		if strings.HasPrefix(line, "- ") {
			n++
		}
	}
	return n
}
