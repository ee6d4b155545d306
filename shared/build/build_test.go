package build

import (
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	const module = "example.com/m"
	tests := map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"installed":           {debug.BuildInfo{Main: debug.Module{Path: module, Version: "v1.2.3"}}, "v1.2.3"},
		"of a work tree":      {debug.BuildInfo{Main: debug.Module{Path: module, Version: "(devel)"}}, "dev"},
		"within another":      {debug.BuildInfo{Main: debug.Module{Path: "a", Version: "v9"}, Deps: []*debug.Module{{Path: module, Version: "v1.0.0"}}}, "v1.0.0"},
		"replaced":            {debug.BuildInfo{Deps: []*debug.Module{{Path: module, Version: "v1.0.0", Replace: &debug.Module{}}}}, "dev"},
		"without the module":  {debug.BuildInfo{Main: debug.Module{Path: "a", Version: "v9"}}, "dev"},
		"without any version": {debug.BuildInfo{Main: debug.Module{Path: module}}, "dev"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := of(&test.info, module); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if got := Version("v4", module); got != "v4" {
		t.Errorf("got %q, want what the linker has set", got)
	}
	if got := Version("", module); got != dev {
		t.Errorf("got %q of a test's own build, want %q", got, dev)
	}
}
