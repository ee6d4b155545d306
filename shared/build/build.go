// Package build tells what a program was built from.
package build

import "runtime/debug"

// dev is the version of a build from a work tree.
const dev = "dev"

// Version returns linked, which the linker sets, unless that is empty: then the
// version of the module in this build, as `go install` knows it, and "dev" where
// there is none.
func Version(linked, module string) string {
	if linked != "" {
		return linked
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return dev
	}
	return of(info, module)
}

func of(info *debug.BuildInfo, module string) string {
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == module && m.Replace == nil && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	return dev
}
