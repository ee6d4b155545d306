package artifact

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/module"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/stage"
)

// legal are the names of files that have to go along with copies.
var legal = regexp.MustCompile(`(?i)^(licen[cs]es?|copying|copyright|notice|patents)([-.].*)?$`)

// licences returns the licences and notices of Go and of every module of others
// that is compiled into a program. A module without any is an error: what it
// allows is not known then.
func (b *build) licences(info *buildinfo.BuildInfo) ([]byte, error) {
	var text strings.Builder
	text.WriteString("This program contains work of others, under the following terms.\n")
	if err := appendLicence(&text, "The Go programming language, "+info.GoVersion, strings.TrimSpace(b.goroot)); err != nil {
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
		folder := filepath.Join(stage.ModCache(b.home), filepath.FromSlash(path)+"@"+version)
		if err := appendLicence(&text, m.Path+" "+m.Version, folder); err != nil {
			return nil, err
		}
	}
	return []byte(text.String()), nil
}

func appendLicence(text *strings.Builder, title, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	found := 0
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !legal.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(text, "\n%s\n%s: %s\n\n%s\n", strings.Repeat("-", 78), title, entry.Name(), strings.TrimSpace(string(data)))
		found++
	}
	if found == 0 {
		return fmt.Errorf("%s has no file with its licence", title)
	}
	return nil
}
