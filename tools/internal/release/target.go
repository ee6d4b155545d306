package release

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// Prefix begins the paths of all modules of the repository.
const Prefix = "github.com/weplanx/workflow/"

// Modules are those that are released, leaf first: each requires only modules
// before it.
var Modules = []string{"shared", "schedule", "worker"}

// Target is a module and the version that it is, or will be, released as.
type Target struct {
	Module  string // one of Modules
	Version string // v0.1.0; empty: not chosen yet
}

// Tag is the name of the tag that releases a target.
func (t Target) Tag() string { return t.Module + "/" + t.Version }

// Path is the module's path.
func (t Target) Path() string { return Prefix + t.Module }

// String is the form that Parse reads.
func (t Target) String() string { return t.Module + "@" + t.Version }

// Parse reads targets of the forms "schedule@v0.1.0", "schedule/v0.1.0", which
// is the tag's, and "all@v0.1.0", and returns them leaf first. A version that is
// missing ("schedule", "all") stays empty.
func Parse(args ...string) ([]Target, error) {
	var targets []Target
	for _, arg := range args {
		module, version, _ := strings.Cut(strings.Replace(arg, "/", "@", 1), "@")
		if err := checkVersion(version); err != nil {
			return nil, fmt.Errorf("%s: %w", arg, err)
		}
		modules := []string{module}
		if module == "all" {
			modules = Modules
		} else if !slices.Contains(Modules, module) {
			return nil, fmt.Errorf("%s: no module %q is released, want %s or all, as in %s@v0.1.0",
				arg, module, strings.Join(Modules, ", "), Modules[0])
		}
		for _, module := range modules {
			if i := slices.IndexFunc(targets, func(t Target) bool { return t.Module == module }); i >= 0 {
				return nil, fmt.Errorf("%s: module %s is named twice", arg, module)
			}
			targets = append(targets, Target{module, version})
		}
	}
	leafFirst(targets)
	return targets, nil
}

// checkVersion takes semantic versions that a module of ours can have, and none.
func checkVersion(version string) error {
	switch {
	case version == "":
		return nil
	case !semver.IsValid(version) || semver.Canonical(version) != version:
		return fmt.Errorf("%q is no version of a module, want one like v0.1.0 or v0.1.0-rc.1", version)
	case semver.Major(version) != "v0" && semver.Major(version) != "v1":
		return fmt.Errorf("%s: from v2 on a module's path ends with the major version, and ours do not, want v0.Y.Z or v1.Y.Z", version)
	}
	return nil
}

// leafFirst sorts targets so that those that others require come first.
func leafFirst(targets []Target) {
	slices.SortFunc(targets, func(a, b Target) int {
		return cmp.Compare(slices.Index(Modules, a.Module), slices.Index(Modules, b.Module))
	})
}
