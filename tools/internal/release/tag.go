package release

import (
	"context"
	"fmt"

	"github.com/weplanx/workflow/tools/internal/release/repo"
)

// Tag makes the annotated tags of a plan, leaf first, with the CHANGELOG's
// section as the message; git signs them where it is set up to. It stops at the
// first that fails.
func (p *Plan) Tag(ctx context.Context, r repo.Repo) error {
	for _, i := range p.Items {
		message := fmt.Sprintf("%s %s\n\n%s\n", i.Module, i.Version, i.Notes)
		// Lines that begin with # are headings here and no comments.
		if _, err := r.Git(ctx, "tag", "--annotate", "--cleanup=whitespace", "-m", message, i.Tag(), p.Commit); err != nil {
			return fmt.Errorf("tagging %s: %w", i.Tag(), err)
		}
	}
	return nil
}

// Push sends tags to a remote, leaf first and one by one: what requires a
// version comes after it, and GitHub starts no workflow for more than three tags
// at once. The remote's main must have the commit already, so that no version
// names a commit that is never merged.
func (p *Plan) Push(ctx context.Context, r repo.Repo, remote string) error {
	if _, err := r.Git(ctx, "fetch", "--quiet", "--no-tags", remote, "refs/heads/"+Main); err != nil {
		return err
	}
	merged, err := r.Contains(ctx, "FETCH_HEAD", p.Commit)
	if err != nil {
		return err
	}
	if !merged {
		return fmt.Errorf("%s of %s does not have commit %.12s, want that pushed before its tags", Main, remote, p.Commit)
	}
	for _, i := range p.Items {
		if _, err := r.Git(ctx, "push", "--quiet", remote, "refs/tags/"+i.Tag()); err != nil {
			return fmt.Errorf("pushing %s: %w", i.Tag(), err)
		}
	}
	return nil
}
