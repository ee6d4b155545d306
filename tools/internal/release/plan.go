package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/weplanx/workflow/tools/internal/release/changelog"
	"github.com/weplanx/workflow/tools/internal/release/repo"
)

// Main is the branch that is released from.
const Main = "main"

// Plan is what would be released, every check passed.
type Plan struct {
	Commit string // that the tags name
	Items  []Item // leaf first
}

// Item is one target of a plan and what the checks found.
type Item struct {
	Target
	Notes   string // section of its CHANGELOG
	Entries int    // in it
	Date    string // of it
	API     string // what the comparison with the last version said
	Needs   []Target
}

// Check checks that targets may be tagged at the commit that is checked out, and
// returns the plan of it. The error joins everything that is in the way.
func Check(ctx context.Context, r repo.Repo, targets []Target) (*Plan, error) {
	problems := []error{checkTree(ctx, r)}
	branch, err := r.Branch(ctx)
	if err == nil && branch != Main {
		err = fmt.Errorf("the branch is %q, want %s", branch, Main)
	}
	problems = append(problems, err)
	for _, t := range targets {
		if r.Has(ctx, "refs/tags/"+t.Tag()) {
			problems = append(problems, fmt.Errorf("%s: is tagged already, want a new version", t))
		}
	}
	return plan(ctx, r, targets, problems)
}

// Verify checks targets that are tagged, as Check does those that are not: that
// their tags are annotated and name the commit that is checked out.
func Verify(ctx context.Context, r repo.Repo, targets []Target) (*Plan, error) {
	problems := []error{checkTree(ctx, r)}
	head, err := r.Commit(ctx, "HEAD")
	problems = append(problems, err)
	for _, t := range targets {
		ref := "refs/tags/" + t.Tag()
		commit, err := r.Commit(ctx, ref)
		kind, _ := r.Git(ctx, "cat-file", "-t", ref)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s: is not tagged, want a tag %s", t, t.Tag()))
		case commit != head:
			problems = append(problems, fmt.Errorf("%s: tag %s names another commit than the one checked out", t, t.Tag()))
		case kind != "tag":
			problems = append(problems, fmt.Errorf("%s: tag %s has no author and date, want an annotated tag", t, t.Tag()))
		}
	}
	return plan(ctx, r, targets, problems)
}

func checkTree(ctx context.Context, r repo.Repo) error {
	changes, err := r.Changes(ctx)
	if err == nil && changes != "" {
		err = fmt.Errorf("the work tree is not clean, want everything committed:\n%s", changes)
	}
	return err
}

func plan(ctx context.Context, r repo.Repo, targets []Target, problems []error) (*Plan, error) {
	commit, err := r.Commit(ctx, "HEAD")
	problems = append(problems, err)
	if len(targets) == 0 {
		problems = append(problems, errors.New("nothing to release, want MODULE@VERSION"))
	}
	p := &Plan{Commit: commit}
	for _, t := range targets {
		item, found := check(ctx, r, t, targets)
		for _, problem := range found {
			problems = append(problems, fmt.Errorf("%s: %w", t, problem))
		}
		p.Items = append(p.Items, item)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return p, nil
}

// check is of one target, released together with others. It returns all that is
// in the way.
func check(ctx context.Context, r repo.Repo, t Target, releasing []Target) (item Item, problems []error) {
	item.Target = t
	note := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	if t.Version == "" {
		return item, []error{errors.New("has no version, want one like v0.1.0")}
	}
	tags, err := r.Tags(ctx, t.Module)
	note(err)
	h := before(tags, t)
	note(h.follows(t.Version))
	note(checkLicence(r))
	note(item.readNotes(r))
	if file, err := readGoMod(r, t.Module); err != nil {
		note(err)
	} else {
		item.Needs = siblings(file)
		tagged := func(s Target) bool {
			return slices.Contains(Modules, s.Module) && r.Has(ctx, "refs/tags/"+s.Tag())
		}
		note(checkGoMod(file, t, releasing, tagged))
	}
	item.API, err = checkAPI(ctx, r, t, h)
	note(err)
	return item, problems
}

// checkLicence looks for the one at the root, which the go command copies into
// each module without one.
func checkLicence(r repo.Repo) error {
	data, err := os.ReadFile(filepath.Join(r.Dir, "LICENSE"))
	if err == nil && len(strings.TrimSpace(string(data))) == 0 {
		err = errors.New("LICENSE: is empty")
	}
	if err != nil {
		return fmt.Errorf("the licence that goes into each module: %w", err)
	}
	return nil
}

func readChangelog(r repo.Repo, module string) (string, error) {
	data, err := os.ReadFile(filepath.Join(r.Dir, module, "CHANGELOG.md"))
	if err != nil {
		return "", fmt.Errorf("CHANGELOG of %s: %w", module, err)
	}
	return string(data), nil
}

// readNotes reads the section of the version, which must be the newest.
func (i *Item) readNotes(r repo.Repo) error {
	text, err := readChangelog(r, i.Module)
	if err != nil {
		return err
	}
	if err := changelog.Check(text, i.Module); err != nil {
		return fmt.Errorf("CHANGELOG: %w", err)
	}
	log := changelog.Parse(text)
	section, ok := log.Section(i.Version)
	if !ok {
		return fmt.Errorf("CHANGELOG: has no section ## [%s]; run release prepare", strings.TrimPrefix(i.Version, "v"))
	}
	if latest := log.Latest(); latest != i.Version {
		return fmt.Errorf("CHANGELOG: its newest section is of %s, want %s", latest, i.Version)
	}
	i.Notes, i.Entries, i.Date = section.Body, section.Entries(), section.Date
	return nil
}

// Print writes a plan for a person to read.
func (p *Plan) Print(w io.Writer) {
	for _, i := range p.Items {
		needs := "no other module of the repository"
		if len(i.Needs) > 0 {
			needs = fmt.Sprint(i.Needs)
		}
		_, _ = fmt.Fprintf(w, "%s %s: tag %s at %.12s\n  changelog  %d entries, %s\n  requires   %s\n  API        %s\n",
			i.Module, i.Version, i.Tag(), p.Commit, i.Entries, i.Date, needs, i.API)
	}
}
