package release_test

import (
	"strings"
	"testing"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/toy"
)

const shared = "github.com/weplanx/workflow/shared"

func TestCheckRefusesFiles(t *testing.T) {
	t.Parallel()
	files := toy.Files()
	for name, c := range map[string]struct {
		file, text string // empty: the file is missing
		want       string
	}{
		"no licence":       {"LICENSE", "", "licence that goes into each module"},
		"empty licence":    {"LICENSE", " \n", "LICENSE: is empty"},
		"no changelog":     {"schedule/CHANGELOG.md", "", "CHANGELOG of schedule"},
		"no section":       {"schedule/CHANGELOG.md", files["schedule/CHANGELOG.md"], "CHANGELOG: has no section ## [0.1.0]; run release prepare"},
		"bad changelog":    {"schedule/CHANGELOG.md", "# Changelog\n", "schedule@v0.1.0: CHANGELOG: the first section"},
		"replace":          {"schedule/go.mod", files["schedule/go.mod"] + "\nreplace " + shared + " => ../shared\n", "go.mod: replaces " + shared},
		"exclude":          {"schedule/go.mod", files["schedule/go.mod"] + "\nexclude example.com/a v1.0.0\n", "go.mod: excludes example.com/a"},
		"another path":     {"schedule/go.mod", strings.Replace(files["schedule/go.mod"], "/schedule", "/scheduler", 1), "want github.com/weplanx/workflow/schedule"},
		"untagged sibling": {"schedule/go.mod", strings.Replace(files["schedule/go.mod"], "v0.1.0", "v0.0.9", 1), "requires shared@v0.0.9, but shared@v0.1.0 is released with it"},
		"sibling never":    {"schedule/go.mod", strings.Replace(files["schedule/go.mod"], "shared", "e2e", 1), "requires e2e@v0.1.0, which is neither tagged nor released"},
		"no go.mod":        {"schedule/go.mod", "", "reading go.mod of schedule"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := toy.New(t, nil)
			prepare(t, r, "all@v0.1.0")
			toy.Change(t, r, map[string]string{c.file: c.text})
			refused(t, r, c.want, "shared@v0.1.0", "schedule@v0.1.0")
		})
	}
}

func TestCheckRefusesRepository(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	prepare(t, r, "all@v0.1.0")
	refused(t, r, "requires shared@v0.1.0, which is neither tagged nor released with it", "schedule@v0.1.0")
	refused(t, r, "nothing to release, want MODULE@VERSION")
	refused(t, r, "has no version, want one like v0.1.0", "shared")

	toy.Git(t, r, "checkout", "--quiet", "-b", "topic")
	refused(t, r, `the branch is "topic", want main`, "shared@v0.1.0")
	toy.Git(t, r, "checkout", "--quiet", "--detach")
	refused(t, r, `the branch is "", want main`, "shared@v0.1.0")
	toy.Git(t, r, "checkout", "--quiet", "main")

	tag(t, r, "shared@v0.1.0")
	refused(t, r, "shared@v0.1.0: is tagged already", "shared@v0.1.0")
	tag(t, r, "schedule@v0.1.0") // what it requires is tagged now

	toy.Change(t, r, map[string]string{"LICENSE": "Another.\n"})
	toy.Git(t, r, "reset", "--quiet", "--soft", "HEAD~1")
	refused(t, r, "the work tree is not clean, want everything committed:\nM  LICENSE", "worker@v0.1.0")
}

func TestCheckRefusesAPrereleaseBelow(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	prepare(t, r, "shared@v0.1.0-rc.1", "schedule@v0.1.0")
	refused(t, r, "requires shared@v0.1.0-rc.1, a prerelease, want a stable version", "shared@v0.1.0-rc.1", "schedule@v0.1.0")
}

func TestCheckComparesTheAPI(t *testing.T) {
	t.Parallel()
	const client = "schedule/client/client.go"
	set := toy.Files()[client]
	for name, c := range map[string]struct {
		files   map[string]string
		version string
		want    string // refused for; or what the plan says, after "API"
	}{
		"nothing changed":   {nil, "v0.1.1", "API compatible with v0.1.0, 0 additions"},
		"added":             {map[string]string{client: set + "\n// Get gets.\nfunc Get() {}\n"}, "v0.1.1", "API compatible with v0.1.0, 1 additions"},
		"broken, patch":     {map[string]string{client: "package client\n"}, "v0.1.1", "changes the API of v0.1.0 incompatibly, want v0.2.0:\n  ./client.Set: removed"},
		"broken, minor":     {map[string]string{client: "package client\n"}, "v0.2.0", "API 1 incompatible changes since v0.1.0, as the version says"},
		"package removed":   {map[string]string{client: ""}, "v0.1.1", "client: removed"},
		"internal, changed": {map[string]string{"schedule/internal/core/core.go": "package core\n"}, "v0.1.1", "API compatible with v0.1.0, 0 additions"},
		"does not compile":  {map[string]string{client: "package client\n\nvar X Y\n"}, "v0.1.1", "undefined: Y"},
		"version left out":  {nil, "v0.3.0", "v0.3.0 leaves out versions after v0.1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := released(t)
			files := map[string]string{"schedule/CHANGELOG.md": unreleased(t, r, "schedule", "### Changed\n- Something.")}
			for file, text := range c.files {
				files[file] = text
			}
			toy.Change(t, r, files)
			prepare(t, r, "schedule@"+c.version)
			plan, err := release.Check(t.Context(), r, targets(t, "schedule@"+c.version))
			var got string
			if err != nil {
				got = err.Error()
			} else {
				got = "API " + plan.Items[0].API
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	r := released(t)
	verify := func(want, arg string) {
		t.Helper()
		_, err := release.Verify(t.Context(), r, targets(t, arg))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", arg, err, want)
		}
	}
	verify("shared@v0.2.0: is not tagged", "shared@v0.2.0")
	toy.Git(t, r, "tag", "shared/v0.1.1")
	verify("want an annotated tag", "shared@v0.1.1")
	toy.Change(t, r, map[string]string{"LICENSE": "Another.\n"})
	verify("names another commit", "schedule@v0.1.0")
}
