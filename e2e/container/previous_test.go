//go:build e2e

package container_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildPrevious makes the images that an update starts from: those of the last
// release, else of the commit that this work began at, else of the commit before.
// A clone may have none of these, because it is shallow or no repository at all;
// then an update is one to the same program.
func (e *engine) buildPrevious(ctx context.Context) error {
	source, out := filepath.Join(e.work, "source"), filepath.Join(e.work, "previous")
	if err := os.Mkdir(source, 0o700); err != nil {
		return err
	}
	commit, why := previousCommit(ctx)
	e.previous = why
	if commit == "" {
		source = root
	} else if err := extract(ctx, commit, source); err != nil {
		return err
	}
	if err := compile(ctx, source, out, oldVersion, packages[scheduler], packages[worker]); err != nil {
		return fmt.Errorf("programs of %s: %w", why, err)
	}
	if err := e.license(ctx, out); err != nil {
		return err
	}
	for _, name := range []string{scheduler, worker} {
		dockerfile := filepath.Join(source, "deploy", name, "Dockerfile")
		if err := e.pack(ctx, name+before, dockerfile, filepath.Join(out, name), name); err != nil {
			return err
		}
	}
	return nil
}

// previousCommit returns what to build and, for people, what that is.
func previousCommit(ctx context.Context) (commit, why string) {
	if named := os.Getenv("E2E_PREVIOUS"); named != "" {
		return named, named
	}
	head := git(ctx, "rev-parse", "HEAD")
	if tag := git(ctx, "describe", "--tags", "--abbrev=0", "--match", "schedule/v*", "HEAD^"); tag != "" {
		return tag, "release " + tag
	}
	for _, main := range []string{"origin/main", "main"} {
		if base := git(ctx, "merge-base", main, "HEAD"); base != "" && base != head {
			return base, "where this branch left " + main + ", " + base
		}
	}
	parent := git(ctx, "rev-parse", "--verify", "HEAD^")
	switch {
	case parent != "":
		return parent, "the commit before, " + parent
	case head != "":
		return head, "the last commit itself, " + head + ": this clone has none before it"
	default:
		return "", "the same source: this is no clone"
	}
}

// git returns what git prints, empty where it fails.
func git(ctx context.Context, args ...string) string {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// extract puts the files of a commit into a folder. It needs no second work tree,
// of which git would keep a note.
func extract(ctx context.Context, commit, dir string) error {
	archive := exec.CommandContext(ctx, "git", "-C", root, "archive", commit)
	unpack := exec.CommandContext(ctx, "tar", "-x", "-C", dir)
	var complaints bytes.Buffer
	archive.Stderr, unpack.Stderr = &complaints, &complaints
	pipe, err := archive.StdoutPipe()
	if err != nil {
		return err
	}
	unpack.Stdin = pipe
	if err := archive.Start(); err != nil {
		return err
	}
	unpacked := unpack.Run()
	if err := cmp.Or(archive.Wait(), unpacked); err != nil {
		return fmt.Errorf("files of %s: %w", commit, errors.Join(err, errors.New(complaints.String())))
	}
	return nil
}
