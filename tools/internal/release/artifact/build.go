package artifact

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/licence"
	"github.com/weplanx/workflow/tools/internal/release/stage"
)

// linkerFlags leave out symbols and debug information.
const linkerFlags = "-s -w"

// build makes the artifacts of one target.
type build struct {
	stage  *stage.Stage
	target release.Target
	home   string    // of the go command; holds the modules of others
	out    string    // where the artifacts go
	time   time.Time // of everything in archives
	commit string

	licences licence.Folders
}

// Build writes the artifacts of a staged target into folder out, which it makes,
// and returns their names. A module without programs has none. home is a folder
// for the module cache; it may be shared by builds of the same stage.
func Build(ctx context.Context, s *stage.Stage, t release.Target, platforms []Platform, home, out string) ([]string, error) {
	if len(programs[t.Module]) == 0 {
		return nil, nil
	}
	b := &build{stage: s, target: t, home: home, out: out}
	tag := "refs/tags/" + t.Tag()
	var err error
	if b.time, err = s.Work.Time(ctx, tag); err != nil {
		return nil, err
	}
	if b.commit, err = s.Work.Commit(ctx, tag); err != nil {
		return nil, err
	}
	root, err := s.Go(ctx, home, s.Work.Dir, nil, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	b.licences = licence.Folders{Root: strings.TrimSpace(root), Modules: stage.ModCache(home)}
	if err := os.MkdirAll(out, 0o750); err != nil {
		return nil, err
	}
	var names []string
	for _, platform := range platforms {
		for _, p := range programs[t.Module] {
			made, err := b.artifacts(ctx, p, platform)
			if err != nil {
				return nil, fmt.Errorf("%s for %s: %w", p.name, platform, err)
			}
			names = append(names, made...)
		}
	}
	return append(names, Checksums), writeChecksums(out, names)
}

// artifacts makes the archive and the bill of materials of one program.
func (b *build) artifacts(ctx context.Context, p program, platform Platform) ([]string, error) {
	path, err := b.compile(ctx, p, platform)
	if err != nil {
		return nil, err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	files, err := b.texts(info)
	if err != nil {
		return nil, err
	}
	files = append(files, file{p.name + platform.suffix(), data, true})
	base := fmt.Sprintf("%s_%s_%s_%s", p.name, b.target.Version, platform.OS, platform.Arch)
	archive, err := b.archive(base, platform, files)
	if err != nil {
		return nil, err
	}
	bill := base + ".cdx.json"
	return []string{archive, bill}, b.writeBill(filepath.Join(b.out, bill), p, info, data)
}

// texts are the files beside a program.
func (b *build) texts(info *buildinfo.BuildInfo) ([]file, error) {
	var files []file
	for _, name := range []string{"LICENSE", "README.md", b.target.Module + "/CHANGELOG.md"} {
		data, err := os.ReadFile(filepath.Join(b.stage.Work.Dir, name))
		if err != nil {
			return nil, err
		}
		files = append(files, file{filepath.Base(name), data, false})
	}
	licences, err := b.licences.Text(info)
	return append(files, file{"THIRD_PARTY_LICENSES.txt", licences, false}), err
}

// compile builds a program and returns the path of it.
func (b *build) compile(ctx context.Context, p program, platform Platform) (string, error) {
	env := []string{"GOOS=" + platform.OS, "GOARCH=" + platform.Arch}
	name := p.name + platform.suffix()
	if !p.install {
		path := filepath.Join(b.home, "built", platform.OS+"_"+platform.Arch, name)
		flags := linkerFlags + " -X main.version=" + b.target.Version
		_, err := b.stage.Go(ctx, b.home, b.stage.Work.Dir, append(env, "GOWORK="), "build", "-ldflags", flags, "-o", path, "./"+p.folder)
		return path, err
	}
	_, err := b.stage.Go(ctx, b.home, b.home, env, "install", "-ldflags", linkerFlags, b.target.Path()+"/"+p.folder+"@"+b.target.Version)
	folder := filepath.Join(b.home, "go", "bin")
	// The go command puts programs for other machines into folders of their own.
	if platform.OS != runtime.GOOS || platform.Arch != runtime.GOARCH {
		folder = filepath.Join(folder, platform.OS+"_"+platform.Arch)
	}
	return filepath.Join(folder, name), err
}
