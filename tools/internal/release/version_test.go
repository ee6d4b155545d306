package release

import (
	"strings"
	"testing"

	"github.com/weplanx/workflow/tools/internal/release/changelog"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"shared@v0.1.0":                 "shared/v0.1.0",
		"shared/v0.1.0":                 "shared/v0.1.0",
		"all@v0.1.0-rc.1":               "shared/v0.1.0-rc.1 schedule/v0.1.0-rc.1 worker/v0.1.0-rc.1",
		"all":                           "shared/ schedule/ worker/",
		"worker@v1.2.3 shared@v0.9.9":   "shared/v0.9.9 worker/v1.2.3",
		"schedule":                      "schedule/",
		"schedule@0.1.0":                `want one like v0.1.0`,
		"schedule@v0.1":                 `"v0.1" is no version`,
		"schedule@v0.1.0+build":         `is no version`,
		"schedule@v2.0.0":               `want v0.Y.Z or v1.Y.Z`,
		"tools@v0.1.0":                  `no module "tools" is released, want shared, schedule, worker or all`,
		"all@v0.1.0 shared@v0.2.0":      `module shared is named twice`,
		"worker@v0.1.0 worker@v0.1.0":   `module worker is named twice`,
		"github.com/weplanx@v0.1.0/any": `is no version`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			targets, err := Parse(strings.Fields(text)...)
			tags := make([]string, len(targets))
			for i, target := range targets {
				tags[i] = target.Tag()
			}
			if got := strings.Join(tags, " "); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}

func TestFollows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tags, version string
		want          string // empty: it follows
	}{
		"first":                  {"", "v0.1.0", ""},
		"first is stable":        {"", "v1.0.0", ""},
		"patch":                  {"v0.1.0 v0.1.1", "v0.1.2", ""},
		"minor":                  {"v0.9.0 v0.10.3 v0.2.0", "v0.11.0", ""},
		"major":                  {"v0.1.0", "v1.0.0", ""},
		"prerelease":             {"v0.1.0", "v0.2.0-rc.1", ""},
		"after a prerelease":     {"v0.1.0 v0.2.0-rc.1", "v0.2.0", ""},
		"prerelease after it":    {"v0.1.0 v0.2.0", "v0.2.0-rc.1", "does not come after v0.2.0"},
		"older":                  {"v0.1.0 v0.2.0", "v0.1.1", "does not come after v0.2.0"},
		"leaves out a minor":     {"v0.1.0", "v0.3.0", "want v0.1.1, v0.2.0, v1.0.0"},
		"leaves out a patch":     {"v0.1.0", "v0.1.2", "leaves out versions after v0.1.0"},
		"begins with a patch":    {"v0.1.0", "v0.2.1", "leaves out versions after v0.1.0"},
		"of what is tagged, not": {"v0.1.0 v0.2.0 v0.3.0", "v0.2.0", ""},
		"tags that are none":     {"vendor v0.1.0", "v0.1.1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := before(strings.Fields(c.tags), Target{"shared", c.version}).follows(c.version)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAllowsIncompatibleChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ last, version, want string }{
		"v0 patch":      {"v0.1.0", "v0.1.1", "want v0.2.0"},
		"v0 minor":      {"v0.1.0", "v0.2.0", ""},
		"v0 prerelease": {"v0.1.0", "v0.1.1-rc.1", "want v0.2.0"},
		"v0 to v1":      {"v0.1.0", "v1.0.0", ""},
		"v1 patch":      {"v1.1.0", "v1.1.1", "want v2.0.0"},
		"v1 minor":      {"v1.1.0", "v1.2.0", "want v2.0.0"},
		"v1 to v2":      {"v1.1.0", "v2.0.0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := history{c.last, c.last}.allows(c.version)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	const unreleased = "## [Unreleased]\n\n### Added\n- One.\n"
	for name, c := range map[string]struct{ tags, log, want string }{
		"first":               {"", unreleased, "v0.1.0"},
		"first, empty":        {"", "", "v0.1.0"},
		"written, not tagged": {"v0.1.0", "## [0.1.1] - 2026-12-24\n", "v0.1.1"},
		"tagged, more to say": {"v0.1.0", unreleased + "## [0.1.0] - 2026-12-24\n", "v0.2.0"},
		"nothing more to say": {"v0.1.0 v0.1.1", "## [Unreleased]\n## [0.1.1] - 2026-12-24\n", "v0.1.1"},
		"after a prerelease":  {"v0.1.0 v0.2.0-rc.1", unreleased, "v0.2.0"},
		"from v1 on":          {"v1.4.2", unreleased, "v1.5.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := next(strings.Fields(c.tags), changelog.Parse(c.log)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
