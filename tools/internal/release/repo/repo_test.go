package repo_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/tools/internal/release/repo"
	"github.com/weplanx/workflow/tools/internal/release/toy"
)

func TestTags(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	if tags, err := r.Tags(t.Context(), "shared"); err != nil || len(tags) != 0 {
		t.Errorf("at first %v, %v", tags, err)
	}
	for _, tag := range []string{"shared/v0.1.0", "shared/v0.2.0", "worker/v0.3.0", "v0.4.0", "shared/other"} {
		toy.Git(t, r, "tag", tag)
	}
	if tags, err := r.Tags(t.Context(), "shared"); err != nil || !slices.Equal(tags, []string{"v0.1.0", "v0.2.0"}) {
		t.Errorf("got %v, %v", tags, err)
	}
	if !r.Has(t.Context(), "refs/tags/worker/v0.3.0") || r.Has(t.Context(), "refs/tags/worker/v0.1.0") {
		t.Error("Has does not tell what is tagged")
	}
}

func TestContains(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	toy.Git(t, r, "branch", "first")
	toy.Change(t, r, map[string]string{"LICENSE": "Another.\n"})
	for _, c := range []struct {
		descendant, ancestor string
		want                 bool
	}{{"main", "first", true}, {"first", "main", false}, {"main", "main", true}} {
		if got, err := r.Contains(t.Context(), c.descendant, c.ancestor); err != nil || got != c.want {
			t.Errorf("%s contains %s: %v, %v, want %v", c.descendant, c.ancestor, got, err, c.want)
		}
	}
	if _, err := r.Contains(t.Context(), "main", "nowhere"); err == nil {
		t.Error("knows a branch that is not there")
	}
}

// The same changes make the same commit, whenever they are made.
func TestCommitAll(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	at := time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)
	var hashes []string
	for _, name := range []string{"one", "two"} {
		toy.Git(t, r, "checkout", "--quiet", "-b", name, "main")
		toy.Git(t, r, "rm", "--quiet", "LICENSE")
		if err := r.CommitAll(t.Context(), "Release", at); err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, toy.Git(t, r, "rev-parse", "HEAD"))
	}
	if got, err := r.Time(t.Context(), "HEAD"); err != nil || !got.Equal(at) || hashes[0] != hashes[1] {
		t.Errorf("made %v, %v; commits %v", got, err, hashes)
	}
}

func TestClone(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	toy.Git(t, r, "tag", "first")
	toy.Change(t, r, map[string]string{"LICENSE": "Another.\n"})
	clone, err := r.Clone(t.Context(), "first", filepath.Join(t.TempDir(), "clone"))
	if err != nil {
		t.Fatal(err)
	}
	if text := toy.Read(t, clone, "LICENSE"); text != "The licence.\n" {
		t.Errorf("checked out %q", text)
	}
}

func TestGitComplains(t *testing.T) {
	t.Parallel()
	_, err := repo.Repo{Dir: t.TempDir()}.Git(t.Context(), "log")
	if err == nil || !strings.Contains(err.Error(), "git log: exit status 128: fatal: not a git repository") {
		t.Errorf("got %v", err)
	}
}
