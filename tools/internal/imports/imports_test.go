package imports_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const prefix = "github.com/weplanx/workflow/"

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// list runs `go list -json` in the workspace.
func list(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Standard,Imports,TestImports,XTestImports"}, args...)...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr = "../../..", &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var packages []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("output of go list: %v", err)
		}
		packages = append(packages, p)
	}
}

// repository lists all packages of ours, with the build tags that files have.
func repository(t *testing.T) []goPackage {
	t.Helper()
	return list(t, "-tags", "e2e", "./shared/...", "./schedule/...", "./worker/...", "./tools/...", "./e2e/...")
}

// matches reports whether pattern (see rule) covers a path.
func matches(pattern, name string) bool {
	base, below := strings.CutSuffix(pattern, "/...")
	if below {
		if n := strings.Count(base, "/") + 1; strings.Count(name, "/")+1 > n {
			name = strings.Join(strings.Split(name, "/")[:n], "/")
		}
	}
	ok, err := path.Match(base, name)
	return err == nil && ok
}

func anyMatches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// within reports whether a package belongs to one of the modules.
func within(modules []string, name string) bool {
	return slices.ContainsFunc(modules, func(m string) bool {
		return name == m || strings.HasPrefix(name, m+"/")
	})
}

// standard reports whether a path is of the standard library: its first
// element has no dot.
func standard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".")
}

// allows reports whether a package at from may import name under the rule. A
// "*" that begins a pattern of ours stands for the importer's own module.
func (r rule) allows(from, name string) bool {
	own, isOurs := strings.CutPrefix(name, prefix)
	if !isOurs {
		return standard(name) || within(r.libraries, name)
	}
	module, _, _ := strings.Cut(from, "/")
	return slices.ContainsFunc(r.ours, func(p string) bool {
		if rest, ok := strings.CutPrefix(p, "*/"); ok {
			p = module + "/" + rest
		}
		return matches(p, own)
	})
}

func TestImports(t *testing.T) {
	t.Parallel()
	used := make([]bool, len(rules))
	for _, p := range repository(t) {
		name := strings.TrimPrefix(p.ImportPath, prefix)
		i := slices.IndexFunc(rules, func(r rule) bool { return matches(r.packages, name) })
		if i < 0 {
			t.Errorf("%s: no rule says what it may import; add one to rules_test.go", name)
			continue
		}
		used[i] = true
		for _, imported := range p.Imports {
			if !rules[i].allows(name, imported) {
				t.Errorf("%s may not import %s (rule %q)", name, imported, rules[i].packages)
			}
		}
	}
	for i, r := range rules {
		if !used[i] {
			t.Errorf("rule %q decides about no package; remove or correct it", r.packages)
		}
	}
}

func TestTestsStayWithinTheirModules(t *testing.T) {
	t.Parallel()
	for _, p := range repository(t) {
		name := strings.TrimPrefix(p.ImportPath, prefix)
		module, _, _ := strings.Cut(name, "/")
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			own, isOurs := strings.CutPrefix(imported, prefix)
			if isOurs && !anyMatches(borders[module], own) {
				t.Errorf("a test of %s may not import %s", name, own)
			}
		}
	}
}

// An application that vendors the client gets nothing that the client does not
// need. The workspace is left out: what counts is the packages' own imports.
func TestClientBringsLittle(t *testing.T) {
	t.Parallel()
	args := []string{"-deps"}
	for _, name := range vendored {
		args = append(args, "./"+name)
	}
	deps := list(t, args...)
	found := 0
	for _, p := range deps {
		if p.ImportPath == natsClient || slices.Contains(vendored, strings.TrimPrefix(p.ImportPath, prefix)) {
			found++
		}
		if within(foreign, p.ImportPath) {
			t.Errorf("an application that uses the client would vendor %s", p.ImportPath)
		}
	}
	if want := len(vendored) + 1; found != want {
		t.Errorf("%d of %d packages that must be there are: the check looks at the wrong list", found, want)
	}
}
