package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/weplanx/workflow/tools/internal/release/repo"
)

const usage = `release checks, rehearses and makes releases of the modules of this repository.
See tools/docs/releasing.md.

  release [-tag [-push]] MODULE@VERSION…   check; print the plan; make the tags; send them
  release prepare MODULE@VERSION…          write the version into CHANGELOG, go.mod and go.work
  release rehearse [MODULE[@VERSION]…]     release in a folder of its own, install and use it
  release build [-out -platforms -twice] MODULE[@VERSION]…
                                           archives, bills of materials and checksums
  release images [-archives -out -revision] MODULE@VERSION…
                                           of those archives, as OCI image layouts; needs Docker
  release licences PROGRAM…                write those of others beside programs that were built here
  release verify MODULE/VERSION            check what is tagged
  release notes MODULE/VERSION             print the section of the CHANGELOG
  release changelogs                       check all CHANGELOGs

MODULE is shared, schedule, worker or all. Where VERSION may be left out it is the next one.
`

// errUsage is an error in how the program was called; its text was printed.
var errUsage = errors.New("wrong usage")

// app is one run of the program.
type app struct {
	repo      repo.Repo
	out, errs io.Writer
}

// commands are what the first argument may be; without one of them a plan is made.
var commands = map[string]func(app, context.Context, []string) error{
	"prepare":    app.prepare,
	"rehearse":   app.rehearse,
	"build":      app.build,
	"verify":     app.verify,
	"notes":      app.notes,
	"changelogs": app.changelogs,
}

// apart are those that need no repository.
var apart = map[string]func(app, context.Context, []string) error{
	"images":   app.images,
	"licences": app.licences,
}

// run works on the repository that dir is in and returns the exit code: 0 done,
// 1 refused or failed, 2 wrong usage.
func run(ctx context.Context, args []string, dir string, out, errs io.Writer) int {
	err := do(ctx, args, dir, out, errs)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	_, _ = fmt.Fprintln(errs, "release:", err)
	return 1
}

func do(ctx context.Context, args []string, dir string, out, errs io.Writer) error {
	if len(args) > 0 {
		if command, ok := apart[args[0]]; ok {
			return command(app{repo.Repo{Dir: dir}, out, errs}, ctx, args[1:])
		}
	}
	root, err := repo.Repo{Dir: dir}.Git(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return fmt.Errorf("looking for the repository: %w", err)
	}
	a := app{repo.Repo{Dir: root}, out, errs}
	if len(args) > 0 {
		if command, ok := commands[args[0]]; ok {
			return command(a, ctx, args[1:])
		}
	}
	return a.plan(ctx, args)
}

// flags are those of a command; what is wrong with them is printed.
func (a app) flags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(a.errs)
	flags.Usage = func() {
		_, _ = fmt.Fprint(a.errs, usage)
		flags.PrintDefaults()
	}
	return flags
}

// parse makes wrong flags and -h errors that run knows.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return errUsage
	}
	return nil
}
