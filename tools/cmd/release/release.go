package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/weplanx/workflow/tools/internal/release"
)

// plan checks targets and prints the plan; with -tag it carries it out.
func (a app) plan(ctx context.Context, args []string) error {
	flags := a.flags("release")
	dry := flags.Bool("dry-run", false, "only check and print the plan: what is done without -tag")
	tag := flags.Bool("tag", false, "make the annotated tags in this clone")
	push := flags.Bool("push", false, "send the tags, and nothing else, to -remote; with -tag")
	remote := flags.String("remote", "origin", "`name` of the remote")
	if err := parse(flags, args); err != nil {
		return err
	}
	if flags.NArg() == 0 || *push && !*tag || *dry && *tag {
		flags.Usage()
		return errUsage
	}
	targets, err := release.Parse(flags.Args()...)
	if err != nil {
		return err
	}
	plan, err := release.Check(ctx, a.repo, targets)
	if err != nil {
		return err
	}
	plan.Print(a.out)
	if !*tag {
		a.say("Nothing was tagged. Add -tag to make the tags.")
		return nil
	}
	if err := plan.Tag(ctx, a.repo); err != nil {
		return err
	}
	if !*push {
		a.say("Tagged in this clone only. Push the tags one by one, leaf first.")
		return nil
	}
	if err := plan.Push(ctx, a.repo, *remote); err != nil {
		return err
	}
	a.say("Tagged and pushed to %s.", *remote)
	return nil
}

// prepare writes files and leaves it to the person to look and commit.
func (a app) prepare(ctx context.Context, args []string) error {
	flags := a.flags("prepare")
	day := flags.String("date", time.Now().UTC().Format(time.DateOnly), "`day` of the release, YYYY-MM-DD")
	if err := parse(flags, args); err != nil {
		return err
	}
	at, err := time.Parse(time.DateOnly, *day)
	if err != nil {
		return fmt.Errorf("-date: %w, want YYYY-MM-DD", err)
	}
	targets, err := release.Parse(flags.Args()...)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		flags.Usage()
		return errUsage
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	names, err := release.Prepare(a.repo, targets, at)
	if err != nil {
		return err
	}
	for _, name := range names {
		a.say("changed %s", name)
	}
	return nil
}

// verify checks what is tagged, before anything is built from it.
func (a app) verify(ctx context.Context, args []string) error {
	targets, err := a.named("verify", args)
	if err != nil {
		return err
	}
	plan, err := release.Verify(ctx, a.repo, targets)
	if err == nil {
		plan.Print(a.out)
	}
	return err
}

// notes prints what a version changes.
func (a app) notes(_ context.Context, args []string) error {
	targets, err := a.named("notes", args)
	if err != nil {
		return err
	}
	for _, t := range targets {
		notes, err := release.Notes(a.repo, t)
		if err != nil {
			return err
		}
		a.say("%s", notes)
	}
	return nil
}

// changelogs checks the form of all CHANGELOGs.
func (a app) changelogs(_ context.Context, args []string) error {
	if err := parse(a.flags("changelogs"), args); err != nil {
		return err
	}
	return release.CheckChangelogs(a.repo)
}

// named are the targets of a command without flags, each with its version.
func (a app) named(command string, args []string) ([]release.Target, error) {
	flags := a.flags(command)
	if err := parse(flags, args); err != nil {
		return nil, err
	}
	return versioned(flags)
}

// versioned reads the targets that are the arguments, at least one.
func versioned(flags *flag.FlagSet) ([]release.Target, error) {
	targets, err := release.Parse(flags.Args()...)
	for _, t := range targets {
		if t.Version == "" {
			err = errors.Join(err, fmt.Errorf("%s: has no version, want one like %s@v0.1.0", t.Module, t.Module))
		}
	}
	if err == nil && len(targets) == 0 {
		flags.Usage()
		err = errUsage
	}
	return targets, err
}

func (a app) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.out, format+"\n", args...)
}
