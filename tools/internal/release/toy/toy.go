// Package toy makes small repositories of the form of ours, for tests of
// releases: the same modules and programs, a few lines each, that require nothing
// of others.
package toy

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weplanx/workflow/tools/internal/release/repo"
)

const (
	prefix = "github.com/weplanx/workflow/"

	log     = "# Changelog\n\nOf a toy.\n\n## [Unreleased]\n\n### Added\n- Everything.\n"
	program = "package main\n\nimport \"" + prefix + "shared/build\"\n\nvar version string\n\n" +
		"func main() { println(build.Name, version) }\n"
)

// Files are those of a toy, by name.
func Files() map[string]string {
	files := map[string]string{
		"LICENSE":               "The licence.\n",
		"README.md":             "# Toy\n",
		"go.work":               work("./shared", "./schedule", "./worker", "./tools"),
		"shared/build/build.go": "// Package build is a toy.\npackage build\n\n// Name is a name.\nconst Name = \"toy\"\n",
		"schedule/client/client.go": "// Package client is a toy.\npackage client\n\n" +
			"// Set sets.\nfunc Set(key string) error { return nil }\n",
		"schedule/internal/core/core.go": "// Package core is a toy.\npackage core\n\n// Hidden is no API.\nfunc Hidden() {}\n",
		"tools/go.mod":                   "module " + prefix + "tools\n\ngo 1.26.0\n\nrequire " + prefix + "shared v0.1.0\n",
		"tools/cmd/standalone/main.go":   program,
	}
	for _, module := range []string{"shared", "schedule", "worker"} {
		files[module+"/CHANGELOG.md"] = log
		files[module+"/go.mod"] = "module " + prefix + module + "\n\ngo 1.26.0\n"
	}
	for _, dependent := range []string{"schedule", "worker"} {
		files[dependent+"/go.mod"] += "\nrequire " + prefix + "shared v0.1.0\n"
	}
	for _, name := range []string{"schedule/cmd/schedule", "schedule/cmd/schedulectl", "worker/cmd/worker"} {
		files[name+"/main.go"] = program
	}
	return files
}

func work(modules ...string) string {
	var text strings.Builder
	text.WriteString("go 1.26.0\n\nuse (\n")
	for _, module := range modules {
		text.WriteString("\t" + module + "\n")
	}
	text.WriteString(")\n\n// These stand in.\nreplace (\n")
	for _, module := range modules[:3] {
		text.WriteString("\t" + prefix + module[2:] + " v0.1.0 => " + module + "\n")
	}
	text.WriteString(")\n")
	return text.String()
}

// New makes a toy with one commit on main, and files that are changed from those
// of Files: an empty text leaves a file out.
func New(t testing.TB, changes map[string]string) repo.Repo {
	t.Helper()
	r := repo.Repo{Dir: t.TempDir()}
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"config", "user.name", "Tester"},
		{"config", "user.email", "tester@example.com"},
		{"config", "commit.gpgsign", "false"},
		{"config", "tag.gpgsign", "false"},
	} {
		Git(t, r, args...)
	}
	files := Files()
	maps.Copy(files, changes)
	Change(t, r, files)
	return r
}

// Change writes files and commits them; an empty text removes a file.
func Change(t testing.TB, r repo.Repo, files map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(r.Dir, name)
		if files[name] == "" {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	Commit(t, r, "change")
}

// Commit commits everything.
func Commit(t testing.TB, r repo.Repo, message string) {
	t.Helper()
	Git(t, r, "add", "--all")
	Git(t, r, "commit", "--quiet", "-m", message)
}

// Git runs git and returns what it printed.
func Git(t testing.TB, r repo.Repo, args ...string) string {
	t.Helper()
	out, err := r.Git(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Read returns the text of a file.
func Read(t testing.TB, r repo.Repo, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(r.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
