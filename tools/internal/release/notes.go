package release

import (
	"errors"
	"fmt"
	"strings"

	"github.com/weplanx/workflow/tools/internal/release/changelog"
	"github.com/weplanx/workflow/tools/internal/release/repo"
)

// Notes returns what a target changes, from its CHANGELOG.
func Notes(r repo.Repo, t Target) (string, error) {
	text, err := readChangelog(r, t.Module)
	if err != nil {
		return "", err
	}
	section, ok := changelog.Parse(text).Section(t.Version)
	if !ok {
		return "", fmt.Errorf("%s: CHANGELOG: has no section ## [%s]", t, strings.TrimPrefix(t.Version, "v"))
	}
	return section.Body, nil
}

// CheckChangelogs checks the form of the CHANGELOG of every module that is
// released.
func CheckChangelogs(r repo.Repo) error {
	var problems []error
	for _, module := range Modules {
		text, err := readChangelog(r, module)
		if err == nil {
			err = changelog.Check(text, module)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s/CHANGELOG.md: %w", module, err))
		}
	}
	return errors.Join(problems...)
}
