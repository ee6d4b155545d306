package main

import (
	"context"
	"path/filepath"

	"github.com/weplanx/workflow/tools/internal/release/image"
)

// images makes the images of modules from the archives that build has made, each
// as an OCI image layout in a folder of its module.
func (a app) images(ctx context.Context, args []string) error {
	flags := a.flags("images")
	archives := flags.String("archives", filepath.Join(a.repo.Dir, ".out", "release"), "`folder` with a folder of archives for each module")
	out := flags.String("out", filepath.Join(a.repo.Dir, ".out", "images"), "`folder` for a folder of each module")
	revision := flags.String("revision", "unknown", "`commit` of the archives")
	if err := parse(flags, args); err != nil {
		return err
	}
	targets, err := versioned(flags)
	if err != nil {
		return err
	}
	for _, t := range targets {
		digest, err := image.Image{
			Program: t.Module, Version: t.Version, Revision: *revision,
			Dockerfile: filepath.Join(a.repo.Dir, "deploy", t.Module, "Dockerfile"), Archives: filepath.Join(*archives, t.Module),
		}.Layout(ctx, filepath.Join(*out, t.Module))
		if err != nil {
			return err
		}
		a.say("%s: %s", t, digest)
	}
	return nil
}
