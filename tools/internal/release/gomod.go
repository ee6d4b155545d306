package release

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"

	"github.com/weplanx/workflow/tools/internal/release/repo"
)

// siblings are the modules of the repository that a go.mod requires.
func siblings(file *modfile.File) []Target {
	var found []Target
	for _, require := range file.Require {
		if module, ours := strings.CutPrefix(require.Mod.Path, Prefix); ours {
			found = append(found, Target{module, require.Mod.Version})
		}
	}
	leafFirst(found)
	return found
}

func readGoMod(r repo.Repo, module string) (*modfile.File, error) {
	name := filepath.Join(module, "go.mod")
	data, err := os.ReadFile(filepath.Join(r.Dir, name))
	if err != nil {
		return nil, fmt.Errorf("reading go.mod of %s: %w", module, err)
	}
	return modfile.Parse(name, data, nil)
}

// checkGoMod tells why a module with this go.mod could not be installed by
// others. tagged says which targets exist; releasing are those that will.
func checkGoMod(file *modfile.File, t Target, releasing []Target, tagged func(Target) bool) error {
	var problems []error
	if path := file.Module.Mod.Path; path != t.Path() {
		problems = append(problems, fmt.Errorf("go.mod: is of module %s, want %s", path, t.Path()))
	}
	for _, replace := range file.Replace {
		problems = append(problems, fmt.Errorf("go.mod: replaces %s, which breaks go install; want no replace", replace.Old.Path))
	}
	for _, exclude := range file.Exclude {
		problems = append(problems, fmt.Errorf("go.mod: excludes %s, which breaks go install; want no exclude", exclude.Mod))
	}
	for _, sibling := range siblings(file) {
		if err := checkSibling(sibling, t, releasing, tagged); err != nil {
			problems = append(problems, fmt.Errorf("go.mod: requires %s, %w", sibling, err))
		}
	}
	return errors.Join(problems...)
}

func checkSibling(sibling, t Target, releasing []Target, tagged func(Target) bool) error {
	for _, other := range releasing {
		if other.Module == sibling.Module && other.Version != sibling.Version {
			return fmt.Errorf("but %s is released with it; run release prepare", other)
		}
		if other == sibling {
			return checkStable(sibling, t)
		}
	}
	if !tagged(sibling) {
		return errors.New("which is neither tagged nor released with it")
	}
	return checkStable(sibling, t)
}

// checkStable keeps prereleases out of what a stable version brings along.
func checkStable(sibling, t Target) error {
	if semver.Prerelease(sibling.Version) != "" && semver.Prerelease(t.Version) == "" {
		return errors.New("a prerelease, want a stable version")
	}
	return nil
}

// Required returns the targets and all modules of the repository that they
// require, at the versions that their go.mod says, leaf first.
func Required(r repo.Repo, targets []Target) ([]Target, error) {
	all := append([]Target(nil), targets...)
	for i := 0; i < len(all); i++ {
		file, err := readGoMod(r, all[i].Module)
		if err != nil {
			return nil, err
		}
		for _, sibling := range siblings(file) {
			if !named(all, sibling.Module) {
				all = append(all, sibling)
			}
		}
	}
	leafFirst(all)
	return all, nil
}

func named(targets []Target, module string) bool {
	for _, t := range targets {
		if t.Module == module {
			return true
		}
	}
	return false
}
