package release

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/tools/go/packages"

	"github.com/weplanx/workflow/tools/internal/release/repo"
)

// compareAPI reports how the exported API of a module in the work tree differs
// from that of one of its versions. Each is compiled within its own workspace,
// so that nothing has to be downloaded but modules of others.
func compareAPI(ctx context.Context, r repo.Repo, module, version string) (apidiff.Report, error) {
	temp, err := os.MkdirTemp("", "release-api-")
	if err != nil {
		return apidiff.Report{}, err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	last, err := r.Clone(ctx, "refs/tags/"+Target{module, version}.Tag(), filepath.Join(temp, "last"))
	if err != nil {
		return apidiff.Report{}, err
	}
	before, err := loadAPI(ctx, last.Dir, module)
	if err != nil {
		return apidiff.Report{}, fmt.Errorf("API of %s: %w", version, err)
	}
	after, err := loadAPI(ctx, r.Dir, module)
	if err != nil {
		return apidiff.Report{}, fmt.Errorf("API: %w", err)
	}
	return apidiff.ModuleChanges(before, after), nil
}

// loadAPI loads the packages of a module that others can import.
func loadAPI(ctx context.Context, root, module string) (*apidiff.Module, error) {
	config := &packages.Config{
		Context: ctx,
		Mode:    packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedTypes,
		Dir:     filepath.Join(root, module),
		Env:     append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK="),
	}
	loaded, err := packages.Load(config, "./...")
	if err != nil {
		return nil, err
	}
	api := &apidiff.Module{Path: Prefix + module}
	for _, p := range loaded {
		var problems []error
		for _, problem := range p.Errors {
			problems = append(problems, problem)
		}
		if len(problems) > 0 {
			return nil, fmt.Errorf("package %s: %w", p.PkgPath, errors.Join(problems...))
		}
		if importable(p.Types) {
			api.Packages = append(api.Packages, p.Types)
		}
	}
	return api, nil
}

func importable(p *types.Package) bool {
	return p.Name() != "main" && !slices.Contains(strings.Split(p.Path(), "/"), "internal")
}

// incompatible are the changes that break programs.
func incompatible(report apidiff.Report) []string {
	var found []string
	for _, change := range report.Changes {
		if !change.Compatible {
			found = append(found, change.Message)
		}
	}
	return found
}

// checkAPI compares a target with its last version and says in a few words what
// came out. Stable versions are compared with stable ones.
func checkAPI(ctx context.Context, r repo.Repo, t Target, h history) (string, error) {
	if h.stable == "" {
		return "first version, nothing to compare with", nil
	}
	report, err := compareAPI(ctx, r, t.Module, h.stable)
	if err != nil {
		return "", err
	}
	broken := incompatible(report)
	if len(broken) == 0 {
		return fmt.Sprintf("compatible with %s, %d additions", h.stable, len(report.Changes)), nil
	}
	if err := h.allows(t.Version); err != nil {
		return "", fmt.Errorf("%w:\n  %s", err, strings.Join(broken, "\n  "))
	}
	return fmt.Sprintf("%d incompatible changes since %s, as the version says", len(broken), h.stable), nil
}
