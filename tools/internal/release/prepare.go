package release

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/modfile"

	"github.com/weplanx/workflow/tools/internal/release/changelog"
	"github.com/weplanx/workflow/tools/internal/release/repo"
)

// Prepare makes the work tree ready for targets: what is unreleased in each
// CHANGELOG becomes the version's section of that day, every go.mod of the
// workspace that requires a target requires that version, and so do the replaces
// of go.work that stand in until it is tagged. It returns the files that it
// changed, relative to the root, and commits nothing. Where a target cannot be
// prepared nothing is written.
func Prepare(r repo.Repo, targets []Target, day time.Time) ([]string, error) {
	files := map[string][]byte{}
	var names []string
	put := func(name string, data []byte) {
		if _, ok := files[name]; !ok {
			names = append(names, name)
		}
		files[name] = data
	}
	for _, t := range targets {
		if t.Version == "" {
			return nil, fmt.Errorf("%s: has no version, want one like v0.1.0", t.Module)
		}
		text, err := readChangelog(r, t.Module)
		if err != nil {
			return nil, err
		}
		text, err = changelog.Cut(text, t.Module, t.Version, day.Format(time.DateOnly))
		if err != nil {
			return nil, fmt.Errorf("%s: CHANGELOG: %w", t, err)
		}
		put(filepath.Join(t.Module, "CHANGELOG.md"), []byte(text))
	}
	if err := raise(r, targets, put); err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := rewrite(filepath.Join(r.Dir, name), files[name]); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// rewrite keeps the mode of the file.
func rewrite(name string, data []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, info.Mode().Perm())
}

// raise puts the versions of targets into go.work and every go.mod that it uses.
func raise(r repo.Repo, targets []Target, put func(string, []byte)) error {
	data, err := os.ReadFile(filepath.Join(r.Dir, "go.work"))
	if err != nil {
		return err
	}
	work, err := modfile.ParseWork("go.work", data, nil)
	if err != nil {
		return err
	}
	for _, use := range work.Use {
		name := filepath.Join(filepath.Clean(use.Path), "go.mod")
		before, err := os.ReadFile(filepath.Join(r.Dir, name))
		if err != nil {
			return err
		}
		after, err := raiseRequires(name, before, targets)
		if err != nil {
			return err
		}
		if !bytes.Equal(before, after) {
			put(name, after)
		}
	}
	if after := raiseReplaces(work, targets); !bytes.Equal(data, after) {
		put("go.work", after)
	}
	return nil
}

func raiseRequires(name string, data []byte, targets []Target) ([]byte, error) {
	file, err := modfile.Parse(name, data, nil)
	if err != nil {
		return nil, err
	}
	changed := false
	for _, t := range targets {
		for _, require := range file.Require {
			if require.Mod.Path != t.Path() || require.Mod.Version == t.Version {
				continue
			}
			if err := file.AddRequire(t.Path(), t.Version); err != nil {
				return nil, err
			}
			changed = true
		}
	}
	if !changed {
		return data, nil
	}
	return file.Format()
}

func raiseReplaces(work *modfile.WorkFile, targets []Target) []byte {
	for _, t := range targets {
		for _, replace := range work.Replace {
			if replace.Old.Path != t.Path() || !strings.HasPrefix(replace.New.Path, "./") {
				continue
			}
			// In place: dropping and adding would lose the order.
			for i, token := range replace.Syntax.Token {
				if token == replace.Old.Version {
					replace.Syntax.Token[i] = t.Version
				}
			}
		}
	}
	return modfile.Format(work.Syntax)
}
