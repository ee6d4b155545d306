package licence

import (
	"debug/buildinfo"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// files are written below a folder, each with a text that says its name.
func files(t *testing.T, names ...string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for _, name := range names {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("text of "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const example = "example.com/!upper/a@v1.0.0/"

func folders(t *testing.T) Folders {
	t.Helper()
	return Folders{
		Root: files(t, "LICENSE", "PATENTS", "src/cmd/vendor/example.com/tool/LICENSE"),
		Modules: files(t, example+"README.md", example+"license.go", example+"LICENSE-MIT", example+"NOTICE",
			example+"internal/copied/COPYING.md", example+"testdata/LICENSE", example+"_examples/LICENSE", example+".github/LICENSE",
			"example.com/b@v1.0.0/main.go"),
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	text, err := folders(t).Text(&buildinfo.BuildInfo{GoVersion: "go1.26.0", Deps: []*debug.Module{
		{Path: "example.com/Upper/a", Version: "v1.0.0"},
		{Path: "github.com/weplanx/workflow/shared", Version: "(devel)"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"The Go programming language, go1.26.0: LICENSE\n\ntext of LICENSE\n",
		"The Go programming language, go1.26.0: PATENTS\n\ntext of PATENTS\n",
		"example.com/Upper/a v1.0.0: LICENSE-MIT\n\ntext of " + example + "LICENSE-MIT\n",
		"example.com/Upper/a v1.0.0: NOTICE\n\ntext of " + example + "NOTICE\n",
		"example.com/Upper/a v1.0.0: internal/copied/COPYING.md\n\ntext of " + example + "internal/copied/COPYING.md\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if n := strings.Count(string(text), "text of "); n != 5 {
		t.Errorf("%d files, want 5:\n%s", n, text)
	}
}

func TestTextRefuses(t *testing.T) {
	t.Parallel()
	f := folders(t)
	for want, m := range map[string]*debug.Module{
		"example.com/b v1.0.0 has no file with its licence": {Path: "example.com/b", Version: "v1.0.0"},
		"example.com/c is replaced":                         {Path: "example.com/c", Version: "v1.0.0", Replace: &debug.Module{Path: "../c"}},
		"no such file or directory":                         {Path: "example.com/d", Version: "v1.0.0"},
	} {
		if _, err := f.Text(&buildinfo.BuildInfo{Deps: []*debug.Module{m}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", m.Path, err, want)
		}
	}
}
