// Package repo asks git about a repository and changes it. Commands are run with
// no terminal, so that git never waits for input; ends of contexts kill them.
package repo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Repo is a repository: the folder of a work tree or a bare one. It is safe for
// concurrent use as far as git is.
type Repo struct {
	Dir string
}

// Git runs git with arguments and returns what it printed, without the last line
// end. The error has what git complained of.
func (r Repo) Git(ctx context.Context, args ...string) (string, error) {
	return r.run(ctx, nil, args...)
}

func (r Repo) run(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	var out, complaint bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.Dir, &out, &complaint
	cmd.Env = append(append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"), env...)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// Has reports whether a revision (a tag, a branch, a hash) names a commit.
func (r Repo) Has(ctx context.Context, revision string) bool {
	_, err := r.Git(ctx, "rev-parse", "--verify", "--quiet", revision+"^{commit}")
	return err == nil
}

// Commit returns the hash of the commit that a revision names.
func (r Repo) Commit(ctx context.Context, revision string) (string, error) {
	return r.Git(ctx, "rev-parse", "--verify", revision+"^{commit}")
}

// Time returns when the commit of a revision was made, in UTC.
func (r Repo) Time(ctx context.Context, revision string) (time.Time, error) {
	text, err := r.Git(ctx, "show", "--no-patch", "--format=%cI", revision+"^{commit}")
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, text)
	return at.UTC(), err
}

// CommitAll commits all changes of known files, with a given time so that the same
// changes make the same commit.
func (r Repo) CommitAll(ctx context.Context, message string, at time.Time) error {
	when := at.Format(time.RFC3339)
	_, err := r.run(ctx, []string{"GIT_AUTHOR_DATE=" + when, "GIT_COMMITTER_DATE=" + when}, "commit", "--quiet", "--all", "-m", message)
	return err
}

// Changes returns what git status says of uncommitted and unknown files: nothing
// where the work tree is clean.
func (r Repo) Changes(ctx context.Context) (string, error) {
	return r.Git(ctx, "status", "--porcelain")
}

// Branch returns the branch that is checked out; empty: none is.
func (r Repo) Branch(ctx context.Context) (string, error) {
	return r.Git(ctx, "branch", "--show-current")
}

// Contains reports whether the commit of descendant comes after that of
// ancestor, or is the same. An unknown revision is an error.
func (r Repo) Contains(ctx context.Context, descendant, ancestor string) (bool, error) {
	from, err := r.Commit(ctx, ancestor)
	if err != nil {
		return false, err
	}
	base, err := r.Git(ctx, "merge-base", descendant, ancestor)
	return base == from, err
}

// Tags returns the versions of a module that are tagged, "v0.1.0" for the tag
// "shared/v0.1.0", in no useful order.
func (r Repo) Tags(ctx context.Context, module string) ([]string, error) {
	text, err := r.Git(ctx, "tag", "--list", module+"/v*")
	if err != nil || text == "" {
		return nil, err
	}
	tags := strings.Split(text, "\n")
	for i, tag := range tags {
		tags[i] = strings.TrimPrefix(tag, module+"/")
	}
	return tags, nil
}

// Clone makes a clone with the commit of a revision checked out, in a folder
// that does not exist yet. It shares the objects of the repository, and lives
// no longer.
func (r Repo) Clone(ctx context.Context, revision, folder string) (Repo, error) {
	hash, err := r.Commit(ctx, revision)
	if err != nil {
		return Repo{}, err
	}
	if _, err := r.Git(ctx, "clone", "--quiet", "--shared", "--no-checkout", ".", folder); err != nil {
		return Repo{}, err
	}
	clone := Repo{folder}
	_, err = clone.Git(ctx, "checkout", "--quiet", "--detach", hash)
	return clone, err
}
