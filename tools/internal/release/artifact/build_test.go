package artifact_test

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/artifact"
	"github.com/weplanx/workflow/tools/internal/release/repo"
	"github.com/weplanx/workflow/tools/internal/release/stage"
	"github.com/weplanx/workflow/tools/internal/release/toy"
)

// Two platforms are enough: one of each form of archives.
var platforms = []artifact.Platform{{OS: "linux", Arch: "amd64"}, {OS: "windows", Arch: "amd64"}}

// built are artifacts of schedule v0.1.0.
type built struct {
	out    string
	names  []string
	commit string
}

// build makes the artifacts from a clone and a stage of their own, in folders
// whose names nobody else has.
func build(t *testing.T, r repo.Repo) built {
	t.Helper()
	clone, err := r.Clone(t.Context(), "HEAD", filepath.Join(t.TempDir(), "clone"))
	if err != nil {
		t.Fatal(err)
	}
	target := release.Target{Module: "schedule", Version: "v0.1.0"}
	s, err := stage.New(t.Context(), clone, []release.Target{target}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	names, err := artifact.Build(t.Context(), s, target, platforms, t.TempDir(), out)
	if err != nil {
		t.Fatal(err)
	}
	commit, err := s.Work.Commit(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	return built{out, names, commit}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	first := build(t, r)
	want := []string{"checksums.txt"}
	for _, name := range []string{"schedule", "schedulectl", "standalone"} {
		for _, suffix := range []string{"_linux_amd64.tar.gz", "_linux_amd64.cdx.json", "_windows_amd64.zip", "_windows_amd64.cdx.json"} {
			want = append(want, name+"_v0.1.0"+suffix)
		}
	}
	slices.Sort(first.names)
	slices.Sort(want)
	if !slices.Equal(first.names, want) {
		t.Fatalf("made %v\nwant %v", first.names, want)
	}
	t.Run("reproducible", func(t *testing.T) {
		t.Parallel()
		second := build(t, r)
		for _, name := range first.names {
			if string(first.read(t, name)) != string(second.read(t, name)) {
				t.Errorf("%s: another build makes something else", name)
			}
		}
	})
	t.Run("checksums", func(t *testing.T) { t.Parallel(); first.testChecksums(t) })
	t.Run("archives", func(t *testing.T) { t.Parallel(); first.testArchives(t) })
	t.Run("program", func(t *testing.T) { t.Parallel(); first.testProgram(t) })
	t.Run("bills", func(t *testing.T) { t.Parallel(); first.testBills(t) })
}

func (b built) read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(b.out, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sha256sum is what people have.
func (b built) testChecksums(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "checksums.txt")
	cmd.Dir = b.out
	out, err := cmd.CombinedOutput()
	if n := strings.Count(string(out), ": OK\n"); err != nil || n != len(b.names)-1 {
		t.Errorf("%d of %d: %v\n%s", n, len(b.names)-1, err, out)
	}
}

func (b built) testArchives(t *testing.T) {
	t.Helper()
	for base, files := range map[string]map[string]string{
		"schedule_v0.1.0_linux_amd64":   b.untar(t, "schedule_v0.1.0_linux_amd64.tar.gz"),
		"standalone_v0.1.0_linux_amd64": b.untar(t, "standalone_v0.1.0_linux_amd64.tar.gz"),
		"schedule_v0.1.0_windows_amd64": b.unzip(t, "schedule_v0.1.0_windows_amd64.zip"),
	} {
		name, _, _ := strings.Cut(base, "_")
		if strings.Contains(base, "windows") {
			name += ".exe"
		}
		for _, file := range []string{name, "LICENSE", "README.md", "CHANGELOG.md", "THIRD_PARTY_LICENSES.txt"} {
			if files[base+"/"+file] == "" {
				t.Errorf("%s: %s is missing or empty", base, file)
			}
		}
		if len(files) != 5 {
			t.Errorf("%s: %d files, want 5", base, len(files))
		}
		if text := files[base+"/THIRD_PARTY_LICENSES.txt"]; !strings.Contains(text, "The Go programming language") || strings.Contains(text, b.out) {
			t.Errorf("%s: licences\n%s", base, text)
		}
	}
}

func (b built) untar(t *testing.T, name string) map[string]string {
	t.Helper()
	opened, err := os.Open(filepath.Join(b.out, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	compressed, err := gzip.NewReader(opened)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Uname != "" {
			t.Errorf("%s: %s belongs to %d %q", name, header.Name, header.Uid, header.Uname)
		}
		files[header.Name] = all(t, archive)
	}
}

func (b built) unzip(t *testing.T, name string) map[string]string {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(b.out, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = archive.Close() })
	files := map[string]string{}
	for _, file := range archive.File {
		opened, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		files[file.Name] = all(t, opened)
	}
	return files
}

func all(t *testing.T, r io.Reader) string {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The programs of linux/amd64 run where the test does, and know their version.
func (b built) testProgram(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Logf("the programs are not for %s/%s: what is in the archives was looked at", runtime.GOOS, runtime.GOARCH)
		return
	}
	for program, want := range map[string]string{"schedule": "toy \n", "standalone": "toy v0.1.0\n"} {
		base, folder := program+"_v0.1.0_linux_amd64", t.TempDir()
		// By tar, because a file that this process writes could still be open in
		// one that another test has just begun to start, and cannot be run then.
		tar := exec.CommandContext(t.Context(), "tar", "-xzf", filepath.Join(b.out, base+".tar.gz"), "-C", folder)
		if out, err := tar.CombinedOutput(); err != nil {
			t.Fatalf("tar: %v\n%s", err, out)
		}
		out, err := exec.CommandContext(t.Context(), filepath.Join(folder, base, program)).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("%s: %q, %v, want %q", program, out, err, want)
		}
	}
}

func (b built) testBills(t *testing.T) {
	t.Helper()
	for program, c := range map[string]struct{ ref, shared string }{
		"schedulectl": {"pkg:golang/github.com/weplanx/workflow/schedule@v0.1.0#cmd/schedulectl", "pkg:golang/github.com/weplanx/workflow/shared@v0.1.0"},
		"standalone":  {"pkg:golang/github.com/weplanx/workflow@" + b.commit + "#tools/cmd/standalone", "pkg:golang/github.com/weplanx/workflow/shared@" + b.commit},
	} {
		var bom cyclonedx.BOM
		data := b.read(t, program+"_v0.1.0_linux_amd64.cdx.json")
		if err := cyclonedx.NewBOMDecoder(strings.NewReader(string(data)), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		subject := bom.Metadata.Component
		if subject.Name != program || subject.Version != "v0.1.0" || subject.PackageURL != c.ref || bom.SpecVersion != cyclonedx.SpecVersion1_6 {
			t.Errorf("%s: is of %+v, %v", program, subject, bom.SpecVersion)
		}
		refs := []string{"pkg:golang/std@" + strings.TrimPrefix(runtime.Version(), "go"), c.shared}
		if got := *(*bom.Dependencies)[0].Dependencies; !slices.Equal(got, refs) {
			t.Errorf("%s: depends on %v, want %v", program, got, refs)
		}
		for i, component := range *bom.Components {
			if component.PackageURL != refs[i] || component.BOMRef != refs[i] {
				t.Errorf("%s: component %+v, want %s", program, component, refs[i])
			}
		}
	}
}

// A module of packages only has no artifacts.
func TestBuildNothing(t *testing.T) {
	t.Parallel()
	names, err := artifact.Build(t.Context(), nil, release.Target{Module: "shared", Version: "v0.1.0"}, platforms, "", "")
	if err != nil || names != nil {
		t.Errorf("made %v, %v", names, err)
	}
}

func TestParsePlatforms(t *testing.T) {
	t.Parallel()
	if got, err := artifact.ParsePlatforms(""); err != nil || len(got) != 4 {
		t.Errorf("all: %v, %v", got, err)
	}
	if got, err := artifact.ParsePlatforms("linux/amd64,windows/amd64"); err != nil || !slices.Equal(got, platforms) {
		t.Errorf("two: %v, %v", got, err)
	}
	if _, err := artifact.ParsePlatforms("linux/amd64,plan9/386"); err == nil || !strings.Contains(err.Error(), `"plan9/386"`) {
		t.Errorf("plan9: %v", err)
	}
}
