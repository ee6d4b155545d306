package release_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/repo"
	"github.com/weplanx/workflow/tools/internal/release/toy"
)

var day = time.Date(2026, 12, 24, 23, 0, 0, 0, time.UTC)

// targets parses what a person would type.
func targets(t *testing.T, args ...string) []release.Target {
	t.Helper()
	parsed, err := release.Parse(args...)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// released is a toy whose modules are all prepared and tagged as v0.1.0.
func released(t *testing.T) repo.Repo {
	t.Helper()
	r := toy.New(t, nil)
	prepare(t, r, "all@v0.1.0")
	tag(t, r, "all@v0.1.0")
	return r
}

func prepare(t *testing.T, r repo.Repo, args ...string) {
	t.Helper()
	if _, err := release.Prepare(r, targets(t, args...), day); err != nil {
		t.Fatal(err)
	}
	toy.Commit(t, r, "Release")
}

func tag(t *testing.T, r repo.Repo, args ...string) *release.Plan {
	t.Helper()
	plan, err := release.Check(t.Context(), r, targets(t, args...))
	if err == nil {
		err = plan.Tag(t.Context(), r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// refused checks that a release is refused for a reason.
func refused(t *testing.T, r repo.Repo, want string, args ...string) {
	t.Helper()
	_, err := release.Check(t.Context(), r, targets(t, args...))
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestPrepareAndTagAll(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	changed, err := release.Prepare(r, targets(t, "all@v0.1.0"), day)
	if want := []string{"shared/CHANGELOG.md", "schedule/CHANGELOG.md", "worker/CHANGELOG.md"}; err != nil || !slices.Equal(changed, want) {
		t.Fatalf("changed %v, %v, want %v", changed, err, want)
	}
	toy.Commit(t, r, "Release")

	plan := tag(t, r, "all@v0.1.0")
	var text strings.Builder
	plan.Print(&text)
	want := "schedule v0.1.0: tag schedule/v0.1.0 at " + plan.Commit[:12] +
		"\n  changelog  1 entries, 2026-12-24\n  requires   [shared@v0.1.0]\n  API        first version, nothing to compare with\n"
	if !strings.Contains(text.String(), want) {
		t.Errorf("plan:\n%swant\n%s", &text, want)
	}
	message := toy.Git(t, r, "tag", "--list", "--format=%(objecttype) %(contents)", "schedule/v0.1.0")
	if want := "tag schedule v0.1.0\n\n### Added\n- Everything.\n"; message != want {
		t.Errorf("tag %q, want %q", message, want)
	}
	if _, err := release.Verify(t.Context(), r, targets(t, "all@v0.1.0")); err != nil {
		t.Errorf("verify: %v", err)
	}
}

// A version of shared goes into every go.mod of the workspace and into go.work.
func TestPrepareRaisesDependents(t *testing.T) {
	t.Parallel()
	r := released(t)
	toy.Change(t, r, map[string]string{"shared/CHANGELOG.md": unreleased(t, r, "shared", "### Fixed\n- A mistake.")})
	changed, err := release.Prepare(r, targets(t, "shared@v0.1.1"), day)
	want := []string{"shared/CHANGELOG.md", "schedule/go.mod", "worker/go.mod", "tools/go.mod", "go.work"}
	if err != nil || !slices.Equal(changed, want) {
		t.Fatalf("changed %v, %v, want %v", changed, err, want)
	}
	for _, name := range want[1:4] {
		if text := toy.Read(t, r, name); !strings.Contains(text, "shared v0.1.1\n") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
	if text := toy.Read(t, r, "go.work"); !strings.Contains(text, "shared v0.1.1 => ./shared") || !strings.Contains(text, "worker v0.1.0 => ./worker") {
		t.Errorf("go.work:\n%s", text)
	}
	toy.Commit(t, r, "Release")
	tag(t, r, "shared@v0.1.1")
}

// unreleased is the CHANGELOG of a module with something unreleased.
func unreleased(t *testing.T, r repo.Repo, module, body string) string {
	t.Helper()
	return strings.Replace(toy.Read(t, r, module+"/CHANGELOG.md"), "## [Unreleased]\n", "## [Unreleased]\n\n"+body+"\n", 1)
}

func TestPrepareWritesNothingWhereItFails(t *testing.T) {
	t.Parallel()
	r := toy.New(t, map[string]string{"worker/CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n"})
	_, err := release.Prepare(r, targets(t, "all@v0.1.0"), day)
	if err == nil || !strings.Contains(err.Error(), "worker@v0.1.0: CHANGELOG: nothing is unreleased") {
		t.Errorf("got %v", err)
	}
	if changes, err := r.Changes(t.Context()); changes != "" || err != nil {
		t.Errorf("changed %q, %v", changes, err)
	}
	if _, err := release.Prepare(r, []release.Target{{Module: "shared"}}, day); err == nil {
		t.Error("takes no version")
	}
}

func TestRequired(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	for args, want := range map[string]string{
		"schedule@v0.2.0":               "[shared@v0.1.0 schedule@v0.2.0]",
		"shared@v0.3.0":                 "[shared@v0.3.0]",
		"worker@v0.2.0 shared@v0.2.0":   "[shared@v0.2.0 worker@v0.2.0]",
		"worker@v0.2.0 schedule@v0.4.0": "[shared@v0.1.0 schedule@v0.4.0 worker@v0.2.0]",
	} {
		got, err := release.Required(r, targets(t, strings.Fields(args)...))
		if text := strings.TrimSpace(join(got)); err != nil || "["+text+"]" != want {
			t.Errorf("%s: [%s], %v, want %s", args, text, err, want)
		}
	}
}

func join(targets []release.Target) string {
	names := make([]string, len(targets))
	for i, target := range targets {
		names[i] = target.String()
	}
	return strings.Join(names, " ")
}

func TestPush(t *testing.T) {
	t.Parallel()
	remote := repo.Repo{Dir: t.TempDir()}
	toy.Git(t, remote, "init", "--quiet", "--bare", "--initial-branch=main")
	r := toy.New(t, nil)
	toy.Git(t, r, "remote", "add", "origin", remote.Dir)
	toy.Git(t, r, "push", "--quiet", "origin", "main")
	prepare(t, r, "shared@v0.1.0")
	plan := tag(t, r, "shared@v0.1.0")

	if err := plan.Push(t.Context(), r, "origin"); err == nil || !strings.Contains(err.Error(), "main of origin does not have commit") {
		t.Errorf("pushes the tag of a commit that the remote does not have: %v", err)
	}
	toy.Git(t, r, "push", "--quiet", "origin", "main")
	if err := plan.Push(t.Context(), r, "origin"); err != nil {
		t.Fatal(err)
	}
	if tags, err := remote.Tags(t.Context(), "shared"); err != nil || !slices.Equal(tags, []string{"v0.1.0"}) {
		t.Errorf("tags %v, %v", tags, err)
	}
}
