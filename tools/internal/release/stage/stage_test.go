package stage_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/repo"
	"github.com/weplanx/workflow/tools/internal/release/stage"
	"github.com/weplanx/workflow/tools/internal/release/toy"
)

const module = "github.com/weplanx/workflow/"

func play(t *testing.T, r repo.Repo, args ...string) *stage.Stage {
	t.Helper()
	s, err := try(t, r, args...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func try(t *testing.T, r repo.Repo, args ...string) (*stage.Stage, error) {
	t.Helper()
	targets, err := release.Parse(args...)
	if err != nil {
		t.Fatal(err)
	}
	return stage.New(t.Context(), r, targets, t.TempDir())
}

// A consumer gets a module with its licence and what it requires, and nothing of
// it is in the repository that was staged.
func TestConsumer(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	s := play(t, r, "schedule@v0.1.0")
	if got, want := s.Describe(), "shared@v0.1.0, schedule@v0.1.0; tagged only here: shared@v0.1.0, schedule@v0.1.0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if tags := toy.Git(t, r, "tag"); tags != "" {
		t.Errorf("the source has tags %s", tags)
	}

	home := t.TempDir()
	if _, err := s.Go(t.Context(), home, home, nil, "install", module+"schedule/cmd/schedule@v0.1.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home, "go", "bin", "schedule")); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"schedule", "shared"} {
		if _, err := os.Stat(filepath.Join(stage.ModCache(home), module, name+"@v0.1.0", "LICENSE")); err != nil {
			t.Errorf("without its licence: %v", err)
		}
	}
	if _, err := s.Go(t.Context(), home, home, nil, "install", module+"worker/cmd/worker@v0.1.0"); err == nil {
		t.Error("worker was not released and can be installed")
	}
}

// What was tagged stays as it was tagged.
func TestTagged(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	first := play(t, r, "all@v0.1.0")
	toy.Git(t, r, "pull", "--quiet", "--ff-only", "--tags", first.Work.Dir, "main")
	toy.Change(t, r, map[string]string{"shared/build/build.go": "package build\n"})

	second := play(t, r, "schedule@v0.1.0")
	if got, want := second.Describe(), "shared@v0.1.0, schedule@v0.1.0, all tagged"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if text := toy.Read(t, second.Work, "shared/build/build.go"); !strings.Contains(text, "const Name") {
		t.Errorf("checked out is not what was tagged:\n%s", text)
	}
}

// A module that needs what its sibling has not been released with builds in the
// workspace and for nobody else.
func TestSiblingWithoutItsRelease(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	first := play(t, r, "shared@v0.1.0")
	toy.Git(t, r, "pull", "--quiet", "--ff-only", "--tags", first.Work.Dir, "main")
	toy.Change(t, r, map[string]string{
		"shared/build/build.go":         "package build\n\nconst Name, More = \"toy\", \"more\"\n",
		"worker/cmd/worker/main.go":     "package main\n\nimport \"" + module + "shared/build\"\n\nfunc main() { println(build.More) }\n",
		"schedule/cmd/schedule/main.go": "package main\n\nfunc main() {}\n",
	})
	s := play(t, r, "all@v0.1.0")
	home := t.TempDir()
	if _, err := s.Go(t.Context(), home, home, nil, "install", module+"schedule/cmd/schedule@v0.1.0"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Go(t.Context(), home, home, nil, "install", module+"worker/cmd/worker@v0.1.0")
	if err == nil || !strings.Contains(err.Error(), "undefined: build.More") {
		t.Errorf("got %v", err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	r := toy.New(t, map[string]string{"LICENSE": ""})
	if _, err := try(t, r, "shared@v0.1.0"); err == nil || !strings.Contains(err.Error(), "licence") {
		t.Errorf("got %v", err)
	}
}

// The environment has nothing that changes what is built, nor settings of ours.
func TestEnv(t *testing.T) {
	t.Setenv("GOFLAGS", "-tags=evil")
	t.Setenv("NATS_HOSTS", "nats://example.com")
	s := play(t, toy.New(t, nil), "shared@v0.1.0")
	env := s.Env("/home", "GOOS=plan9")
	if last := env[len(env)-1]; last != "GOOS=plan9" {
		t.Errorf("last is %s", last)
	}
	for _, variable := range env {
		if strings.Contains(variable, "evil") || strings.Contains(variable, "NATS") {
			t.Errorf("has %s", variable)
		}
	}
	if !slices.Contains(env, "GOWORK=off") {
		t.Error("the workspace is on")
	}
}
