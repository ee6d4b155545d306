package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/rehearse"
	"github.com/weplanx/workflow/tools/internal/release/stage"
)

// staged plays the release of targets in a temporary folder and does something
// with it there.
func (a app) staged(ctx context.Context, targets []release.Target, do func(s *stage.Stage, home string) error) error {
	folder, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	home, clone := filepath.Join(folder, "home"), filepath.Join(folder, "stage")
	for _, name := range []string{home, clone} {
		if err := os.Mkdir(name, 0o700); err != nil {
			return err
		}
	}
	s, err := stage.New(ctx, a.repo, targets, clone)
	if err != nil {
		return err
	}
	return do(s, home)
}

// next reads targets and chooses the versions that are left out.
func (a app) next(ctx context.Context, args []string) ([]release.Target, error) {
	targets, err := release.Parse(args...)
	if err != nil {
		return nil, err
	}
	return targets, release.Next(ctx, a.repo, targets)
}

// rehearse plays a release and uses it as people will.
func (a app) rehearse(ctx context.Context, args []string) error {
	flags := a.flags("rehearse")
	if err := parse(flags, args); err != nil {
		return err
	}
	names := flags.Args()
	if len(names) == 0 {
		names = []string{"all"}
	}
	targets, err := a.next(ctx, names)
	if err != nil {
		return err
	}
	a.warn(ctx)
	began := time.Now()
	return a.staged(ctx, targets, func(s *stage.Stage, home string) error {
		a.say("%s (%.1fs)", s.Describe(), time.Since(began).Seconds())
		return rehearse.Run(ctx, s, home, a.out)
	})
}

// warn says that what is not committed is left out.
func (a app) warn(ctx context.Context) {
	if changes, err := a.repo.Changes(ctx); err == nil && changes != "" {
		a.say("Of the commit that is checked out; what is not committed is left out.")
	}
}
