// Package licence collects what has to go along with copies of a program: the
// licences and notices of Go and of all modules of others that are compiled in.
package licence

import (
	"debug/buildinfo"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/module"

	"github.com/weplanx/workflow/tools/internal/release"
)

// legal are the names of files that have to go along with copies.
var legal = regexp.MustCompile(`(?i)^(licen[cs]es?|copying|copyright|notice|patents)([-.].*)?$`)

// Folders are where the files are.
type Folders struct {
	Root    string // GOROOT
	Modules string // GOMODCACHE
}

// Text returns the licences and notices for a program. Those of a module are in
// any folder of it, because packages that it copied from elsewhere keep theirs. A
// module without any is an error: what it allows is not known then.
func (f Folders) Text(info *buildinfo.BuildInfo) ([]byte, error) {
	var text strings.Builder
	text.WriteString("This program contains work of others, under the following terms.\n")
	// The folders below are those of tools, which are not compiled in.
	if err := appendFiles(&text, "The Go programming language, "+info.GoVersion, f.Root, false); err != nil {
		return nil, err
	}
	for _, m := range info.Deps {
		if strings.HasPrefix(m.Path, release.Prefix) {
			continue
		}
		if m.Replace != nil {
			return nil, fmt.Errorf("%s is replaced, want no replace in what is released", m.Path)
		}
		path, err := module.EscapePath(m.Path)
		if err != nil {
			return nil, err
		}
		version, err := module.EscapeVersion(m.Version)
		if err != nil {
			return nil, err
		}
		folder := filepath.Join(f.Modules, filepath.FromSlash(path)+"@"+version)
		if err := appendFiles(&text, m.Path+" "+m.Version, folder, true); err != nil {
			return nil, err
		}
	}
	return []byte(text.String()), nil
}

// appendFiles appends the files of a folder and, if deep, of those below it.
func appendFiles(text *strings.Builder, title, folder string, deep bool) error {
	found, files := 0, os.DirFS(folder)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && (!deep || ignored(entry.Name())) {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || !legal.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
			return nil
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(text, "\n%s\n%s: %s\n\n%s\n", strings.Repeat("-", 78), title, name, strings.TrimSpace(string(data)))
		found++
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: licences in %s: %w", title, folder, err)
	}
	if found == 0 {
		return fmt.Errorf("%s has no file with its licence", title)
	}
	return nil
}

// ignored are the names of folders whose packages the go command does not compile
// into programs of others.
func ignored(name string) bool {
	return name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}
