package artifact

import (
	"fmt"
	"slices"
	"strings"
)

// program is one that a release has. With a version it is installed as part of
// that module, and else built in the workspace.
type program struct {
	name    string
	folder  string // below the module, or below the root of the workspace
	install bool
}

// programs are those that are released with a module.
var programs = map[string][]program{
	"schedule": {
		{"schedule", "cmd/schedule", true},
		{"schedulectl", "cmd/schedulectl", true},
		{"standalone", "tools/cmd/standalone", false},
	},
	"worker": {{"worker", "cmd/worker", true}},
}

// Platform is what a program is built for, as the go command names it.
type Platform struct{ OS, Arch string }

// Platforms are those that programs are released for.
var Platforms = []Platform{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}, {"windows", "amd64"}}

// String is the form that ParsePlatforms reads.
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// suffix ends the file names of programs.
func (p Platform) suffix() string {
	if p.OS == "windows" {
		return ".exe"
	}
	return ""
}

// ParsePlatforms reads "linux/amd64,windows/amd64"; empty: all Platforms.
func ParsePlatforms(text string) ([]Platform, error) {
	if text == "" {
		return Platforms, nil
	}
	var found []Platform
	for part := range strings.SplitSeq(text, ",") {
		system, arch, _ := strings.Cut(part, "/")
		p := Platform{system, arch}
		if !slices.Contains(Platforms, p) {
			return nil, fmt.Errorf("platform %q is not released, want some of %v, separated by commas", part, Platforms)
		}
		found = append(found, p)
	}
	return found, nil
}
