package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/artifact"
	"github.com/weplanx/workflow/tools/internal/release/stage"
)

// build makes the artifacts of targets, each in a folder of its module.
func (a app) build(ctx context.Context, args []string) error {
	flags := a.flags("build")
	out := flags.String("out", filepath.Join(a.repo.Dir, ".out", "release"), "`folder` for a folder of each module")
	list := flags.String("platforms", "", "only these `platforms`, as linux/amd64, separated by commas")
	twice := flags.Bool("twice", false, "build all of it again elsewhere and fail where that makes something else")
	if err := parse(flags, args); err != nil {
		return err
	}
	platforms, err := artifact.ParsePlatforms(*list)
	if err != nil {
		return err
	}
	targets, err := a.next(ctx, flags.Args())
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		flags.Usage()
		return errUsage
	}
	a.warn(ctx)
	for _, t := range targets {
		folder := filepath.Join(*out, t.Module)
		names, err := a.artifacts(ctx, t, platforms, folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			a.say("%s/%s", t.Module, name)
		}
		if *twice && len(names) > 0 {
			if err := a.again(ctx, t, platforms, folder); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a app) artifacts(ctx context.Context, t release.Target, platforms []artifact.Platform, out string) (names []string, err error) {
	err = a.staged(ctx, []release.Target{t}, func(s *stage.Stage, home string) error {
		names, err = artifact.Build(ctx, s, t, platforms, home, out)
		return err
	})
	return names, err
}

// again builds a target a second time, in folders of other names, and compares
// the checksums. Packages that are compiled already come from the build cache,
// where GOCACHE is not another one.
func (a app) again(ctx context.Context, t release.Target, platforms []artifact.Platform, first string) error {
	second, err := os.MkdirTemp("", "release-again-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(second) }()
	if _, err := a.artifacts(ctx, t, platforms, second); err != nil {
		return err
	}
	want, err := os.ReadFile(filepath.Join(first, artifact.Checksums))
	if err != nil {
		return err
	}
	got, err := os.ReadFile(filepath.Join(second, artifact.Checksums))
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s: built again it is something else:\n%sbefore\n%s", t, got, want)
	}
	a.say("%s: built twice, the same", t)
	return nil
}
