package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/changelog"
	"github.com/weplanx/workflow/tools/internal/release/repo"
)

// Stage is a release that was played. Its folder may be removed at any time.
type Stage struct {
	Targets []release.Target // all modules that can be had, leaf first
	Fresh   []release.Target // those of them that are tagged here only
	Work    repo.Repo        // what is released, checked out

	folder   string
	settings settings
}

// New plays the release of targets from the commit that is checked out in
// source, in a folder that exists and is empty; where all targets are tagged,
// from the commit of the last one's tag. The source is only read.
func New(ctx context.Context, source repo.Repo, targets []release.Target, folder string) (*Stage, error) {
	s := &Stage{folder: folder}
	var err error
	if s.settings, err = readSettings(ctx); err != nil {
		return nil, err
	}
	if err := s.clone(ctx, source, targets); err != nil {
		return nil, err
	}
	if s.Targets, err = release.Required(s.Work, targets); err != nil {
		return nil, err
	}
	for _, t := range s.Targets {
		if !s.tagged(ctx, t) {
			s.Fresh = append(s.Fresh, t)
		}
	}
	if err := s.tag(ctx); err != nil {
		return nil, err
	}
	return s, s.publish(ctx)
}

func (s *Stage) tagged(ctx context.Context, t release.Target) bool {
	return s.Work.Has(ctx, "refs/tags/"+t.Tag())
}

func (s *Stage) origin() string { return filepath.Join(s.folder, "origin.git") }

// clone makes the bare repository and a work tree of it.
func (s *Stage) clone(ctx context.Context, source repo.Repo, targets []release.Target) error {
	bare := repo.Repo{Dir: s.folder}
	if _, err := bare.Git(ctx, "init", "--quiet", "--bare", "--initial-branch="+release.Main, s.origin()); err != nil {
		return err
	}
	if _, err := source.Git(ctx, "push", "--quiet", "--no-verify", s.origin(), "HEAD:refs/heads/"+release.Main, "refs/tags/*:refs/tags/*"); err != nil {
		return fmt.Errorf("cloning the repository, which has to have its whole history: %w", err)
	}
	s.Work = repo.Repo{Dir: filepath.Join(s.folder, "work")}
	if _, err := bare.Git(ctx, "clone", "--quiet", s.origin(), s.Work.Dir); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"user.name": "rehearsal", "user.email": "rehearsal@example.com",
		"commit.gpgsign": "false", "tag.gpgsign": "false", "core.hooksPath": os.DevNull,
	} {
		if _, err := s.Work.Git(ctx, "config", name, value); err != nil {
			return err
		}
	}
	untagged := func(t release.Target) bool { return !s.tagged(ctx, t) }
	if len(targets) == 0 || slices.ContainsFunc(targets, untagged) {
		return nil
	}
	_, err := s.Work.Git(ctx, "reset", "--quiet", "--hard", "refs/tags/"+targets[len(targets)-1].Tag())
	return err
}

// tag prepares what is fresh, as far as its CHANGELOG has no section for it yet,
// checks it and tags it.
func (s *Stage) tag(ctx context.Context) error {
	if len(s.Fresh) == 0 {
		return nil
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	plan, err := release.Check(ctx, s.Work, s.Fresh)
	if err != nil {
		return err
	}
	if err := s.push(ctx); err != nil {
		return err
	}
	if err := plan.Tag(ctx, s.Work); err != nil {
		return err
	}
	return plan.Push(ctx, s.Work, "origin")
}

func (s *Stage) push(ctx context.Context) error {
	_, err := s.Work.Git(ctx, "push", "--quiet", "origin", "HEAD:refs/heads/"+release.Main)
	return err
}

func (s *Stage) prepare(ctx context.Context) error {
	var missing []release.Target
	for _, t := range s.Fresh {
		text, err := os.ReadFile(filepath.Join(s.Work.Dir, t.Module, "CHANGELOG.md"))
		if err != nil {
			return err
		}
		if _, ok := changelog.Parse(string(text)).Section(t.Version); !ok {
			missing = append(missing, t)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	// The day is that of the commit below: what is staged twice is the same.
	at, err := s.Work.Time(ctx, "HEAD")
	if err != nil {
		return err
	}
	if _, err := release.Prepare(s.Work, missing, at); err != nil {
		return err
	}
	return s.Work.CommitAll(ctx, "Release", at)
}
