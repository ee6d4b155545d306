package changelog

import (
	"errors"
	"fmt"
	"strings"
)

// repository is where links lead.
const repository = "https://github.com/weplanx/workflow/"

// Cut turns what is unreleased into the section of a version (with its "v") of
// that date and returns the new text. It fails where nothing is unreleased, or
// where the version is there already.
func Cut(text, module, version, date string) (string, error) {
	log := Parse(text)
	if _, ok := log.Section(version); ok {
		return "", fmt.Errorf("there is a section %s already", version)
	}
	unreleased, ok := log.Section(Unreleased)
	if !ok {
		return "", errors.New("there is no section ## [Unreleased]")
	}
	if unreleased.Entries() == 0 {
		return "", errors.New("nothing is unreleased: the section ## [Unreleased] has no entry")
	}
	name := strings.TrimPrefix(version, "v")
	cut := Section{Version: name, Date: date, Body: unreleased.Body}
	log.Sections = append([]Section{{Version: Unreleased}, cut}, log.Sections[1:]...)
	log.Links = log.links(module)
	return log.String(), nil
}

// links are the links that a log of these sections has: none before the first
// version, then one for each section, to what changed since the version before.
func (l Log) links(module string) []Link {
	if l.Latest() == "" {
		return nil
	}
	var links []Link
	for i, s := range l.Sections {
		tag := "HEAD"
		if s.Version != Unreleased {
			tag = module + "/v" + s.Version
		}
		url := repository + "releases/tag/" + tag
		if i+1 < len(l.Sections) {
			url = repository + "compare/" + module + "/v" + l.Sections[i+1].Version + "..." + tag
		}
		links = append(links, Link{s.Version, url})
	}
	return links
}

func format(links []Link) string {
	var b strings.Builder
	for _, link := range links {
		_, _ = fmt.Fprintf(&b, "[%s]: %s\n", link.Version, link.URL)
	}
	return b.String()
}

// String is the text of a log.
func (l Log) String() string {
	parts := []string{l.Title}
	for _, s := range l.Sections {
		heading := "## [" + s.Version + "]"
		if s.Date != "" {
			heading += " - " + s.Date
		}
		parts = append(parts, heading)
		if s.Body != "" {
			parts = append(parts, s.Body)
		}
	}
	text := strings.Join(parts, "\n\n") + "\n"
	if len(l.Links) > 0 {
		text += "\n" + format(l.Links)
	}
	return text
}
