package release

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/weplanx/workflow/tools/internal/release/changelog"
	"github.com/weplanx/workflow/tools/internal/release/repo"
)

// history is what was released of a module before a version.
type history struct {
	newest string // tag of any kind; empty: none
	stable string // newest that is no prerelease; empty: none
}

// before is the history of a target: its module's tags but for its own and newer
// ones. A version that is not tagged yet is preceded by all tags.
func before(tags []string, t Target) history {
	var h history
	tagged := false
	for _, tag := range tags {
		tagged = tagged || tag == t.Version
	}
	for _, tag := range tags {
		if !semver.IsValid(tag) || tagged && semver.Compare(tag, t.Version) >= 0 {
			continue
		}
		h.newest = later(h.newest, tag)
		if semver.Prerelease(tag) == "" {
			h.stable = later(h.stable, tag)
		}
	}
	return h
}

// later is the later of two versions; an empty one comes before all.
func later(a, b string) string {
	if semver.Compare(a, b) < 0 {
		return b
	}
	return a
}

// follows checks that a version is the next patch, minor or major version after
// what there is, or a prerelease of it.
func (h history) follows(version string) error {
	if h.newest != "" && semver.Compare(version, h.newest) <= 0 {
		return fmt.Errorf("%s does not come after %s, which is tagged", version, h.newest)
	}
	if h.stable == "" {
		return nil
	}
	major, minor, patch := numbers(h.stable)
	base, _, _ := strings.Cut(version, "-")
	next := []string{
		join(major, minor, patch+1), join(major, minor+1, 0), join(major+1, 0, 0),
	}
	for _, n := range next {
		if n == base {
			return nil
		}
	}
	return fmt.Errorf("%s leaves out versions after %s, want %s", version, h.stable, strings.Join(next, ", "))
}

// allows checks that a version may change the API of the last one incompatibly.
func (h history) allows(version string) error {
	major, minor, _ := numbers(h.stable)
	newMajor, newMinor, _ := numbers(version)
	switch {
	case newMajor > major, major == 0 && newMinor > minor:
		return nil
	case major == 0:
		return fmt.Errorf("changes the API of %s incompatibly, want %s", h.stable, join(0, minor+1, 0))
	}
	return fmt.Errorf("changes the API of %s incompatibly, want %s", h.stable, join(major+1, 0, 0))
}

// numbers are those of a valid version.
func numbers(version string) (major, minor, patch int) {
	base, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	parts := strings.SplitN(base, ".", 3)
	values := [3]int{}
	for i, part := range parts {
		values[i], _ = strconv.Atoi(part)
	}
	return values[0], values[1], values[2]
}

func join(major, minor, patch int) string {
	return fmt.Sprintf("v%d.%d.%d", major, minor, patch)
}

// Next chooses versions for the targets that have none: the one that the
// CHANGELOG has a section for and that is not tagged; else, where something is
// unreleased, the next minor version, v0.1.0 at first; else the last one.
func Next(ctx context.Context, r repo.Repo, targets []Target) error {
	for i, t := range targets {
		if t.Version != "" {
			continue
		}
		tags, err := r.Tags(ctx, t.Module)
		if err != nil {
			return err
		}
		text, err := readChangelog(r, t.Module)
		if err != nil {
			return err
		}
		targets[i].Version = next(tags, changelog.Parse(text))
	}
	return nil
}

func next(tags []string, log changelog.Log) string {
	h := before(tags, Target{})
	if written := log.Latest(); semver.Compare(written, h.newest) > 0 {
		return written
	}
	unreleased, _ := log.Section(changelog.Unreleased)
	if unreleased.Entries() == 0 && h.newest != "" {
		return h.newest
	}
	major, minor, _ := numbers(h.stable)
	return join(major, minor+1, 0)
}
