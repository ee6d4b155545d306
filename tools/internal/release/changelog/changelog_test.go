package changelog_test

import (
	"strings"
	"testing"

	"github.com/weplanx/workflow/tools/internal/release/changelog"
)

const (
	title = "# Changelog\n\nOf a module.\n\n"
	first = title + `## [Unreleased]

## [0.1.0] - 2026-12-24

### Added
- One thing
  of two lines.
- Another.

[Unreleased]: https://github.com/weplanx/workflow/compare/shared/v0.1.0...HEAD
[0.1.0]: https://github.com/weplanx/workflow/releases/tag/shared/v0.1.0
`
	second = title + `## [Unreleased]

## [0.2.0] - 2026-12-31

### Fixed

- A mistake.

## [0.1.0] - 2026-12-24

### Added
- One thing
  of two lines.
- Another.

[Unreleased]: https://github.com/weplanx/workflow/compare/shared/v0.2.0...HEAD
[0.2.0]: https://github.com/weplanx/workflow/compare/shared/v0.1.0...shared/v0.2.0
[0.1.0]: https://github.com/weplanx/workflow/releases/tag/shared/v0.1.0
`
)

func TestCheckTakes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing released":           title + "## [Unreleased]\n\n### Added\n- One.\n",
		"nothing at all":             title + "## [Unreleased]\n",
		"one version":                first,
		"two versions":               second,
		"a prerelease, the same day": strings.NewReplacer("0.2.0", "0.2.0-rc.1", "2026-12-31", "2026-12-24").Replace(second),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := changelog.Check(text, "shared"); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, replacement, want string }{
		"title":            {"# Changelog", "# History", "want # Changelog"},
		"unreleased":       {"## [Unreleased]\n", "", "first section is not ## [Unreleased]"},
		"unreleased date":  {"## [Unreleased]", "## [Unreleased] - 2027-01-01", "line 5: section Unreleased has a date"},
		"unreleased twice": {"## [0.1.0] - 2026-12-24", "## [Unreleased]", "is there twice"},
		"order":            {"## [0.1.0]", "## [0.3.0]", "line 13: section 0.3.0 stands below 0.2.0"},
		"same twice":       {"## [0.1.0]", "## [0.2.0]", "stands below 0.2.0"},
		"dates":            {"2026-12-24", "2027-12-24", "after 2026-12-31 of 0.2.0"},
		"no date":          {" - 2026-12-24", "", `section 0.1.0 has the date ""`},
		"no such date":     {"2026-12-24", "2026-13-24", `has the date "2026-13-24", want YYYY-MM-DD`},
		"heading":          {"## [0.1.0] - 2026-12-24", "## 0.1.0 (2026-12-24)", "is no semantic version"},
		"version":          {"## [0.1.0]", "## [0.1]", "is no semantic version"},
		"with its v":       {"## [0.1.0]", "## [v0.1.0]", "is no semantic version"},
		"kind":             {"### Added", "### New", "heading ### New, want one of Added"},
		"kind twice":       {"- Another.", "### Added\n- Another.", "heading ### Added twice"},
		"empty kind":       {"### Fixed\n", "### Changed\n\n### Fixed\n", "nothing below ### Changed"},
		"empty version":    {"- A mistake.", "", "section 0.2.0 has no entry"},
		"no kind":          {"### Fixed\n", "", "entries above its first ### heading"},
		"text":             {"- A mistake.", "- A mistake.\nAnd another.", `line "And another."`},
		"link missing":     {"[0.1.0]: https://github.com/weplanx/workflow/releases/tag/shared/v0.1.0\n", "", "links are wrong"},
		"link of another":  {"tag/shared", "tag/worker", "[0.1.0]: https://github.com/weplanx/workflow/releases/tag/shared/v0.1.0"},
		"link unreleased":  {"v0.2.0...HEAD", "v0.1.0...HEAD", "compare/shared/v0.2.0...HEAD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(second, c.old, c.replacement, 1)
			if text == second {
				t.Fatalf("%q is not there", c.old)
			}
			if err := changelog.Check(text, "shared"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestCheckLinksBeforeTheFirstVersion(t *testing.T) {
	t.Parallel()
	err := changelog.Check(title+"## [Unreleased]\n\n[Unreleased]: https://example.com\n", "shared")
	if err == nil || !strings.Contains(err.Error(), "want none before the first version") {
		t.Errorf("got %v", err)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	unreleased := title + "## [Unreleased]\n\n### Added\n- One thing\n  of two lines.\n- Another.\n"
	got, err := changelog.Cut(unreleased, "shared", "v0.1.0", "2026-12-24")
	if err != nil || got != first {
		t.Fatalf("first: %v\n%s", err, got)
	}
	more := strings.Replace(first, "## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- A mistake.\n", 1)
	got, err = changelog.Cut(more, "shared", "v0.2.0", "2026-12-31")
	if err != nil || got != second {
		t.Fatalf("second: %v\n%s", err, got)
	}
}

func TestCutRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, version, want string }{
		"nothing unreleased": {first, "v0.2.0", "nothing is unreleased"},
		"there already":      {first, "v0.1.0", "section v0.1.0 already"},
		"no unreleased":      {title, "v0.1.0", "no section ## [Unreleased]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := changelog.Cut(c.text, "shared", c.version, "2026-12-24"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// What is written is what was read.
func TestString(t *testing.T) {
	t.Parallel()
	if got := changelog.Parse(second).String(); got != second {
		t.Errorf("got\n%s", got)
	}
}

func TestSection(t *testing.T) {
	t.Parallel()
	log := changelog.Parse(second)
	s, ok := log.Section("v0.1.0")
	if !ok || s.Entries() != 2 || s.Date != "2026-12-24" || s.Body != "### Added\n- One thing\n  of two lines.\n- Another." {
		t.Errorf("v0.1.0: %v, %+v", ok, s)
	}
	if _, ok := log.Section("v0.3.0"); ok {
		t.Error("v0.3.0 is there")
	}
	if got := log.Latest(); got != "v0.2.0" {
		t.Errorf("latest %q", got)
	}
	if got := changelog.Parse(title).Latest(); got != "" {
		t.Errorf("latest of none %q", got)
	}
}
