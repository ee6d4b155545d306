package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/weplanx/workflow/tools/internal/release/repo"
	"github.com/weplanx/workflow/tools/internal/release/stage"
	"github.com/weplanx/workflow/tools/internal/release/toy"
)

// shims stand in for programs in the commands of the document: the program under
// test for itself, and for make what the Makefile would run. A rehearsal needs
// the real programs; .ci/run does it.
const shims = `set -euo pipefail
go() {
	if [[ "$1 $2" != "run ./tools/cmd/release" ]]; then command go "$@"; return; fi
	shift 2
	if [[ $1 == rehearse ]]; then echo "rehearses $2"; return; fi
	` + beMain + `=1 "$RELEASE" "$@"
}
make() { eval "$(command make --no-print-directory --dry-run -f "$MAKEFILE" "$@")"; }
`

// documented are the lines of the document's blocks of shell.
func documented(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/releasing.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, block := range regexp.MustCompile("(?s)```shell\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		lines = append(lines, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	return lines
}

// Each command of the document does what it says, one after the other, in a toy
// with a remote; at the end modules are tagged there.
func TestDocument(t *testing.T) {
	t.Parallel()
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
		t.Logf("the document's commands are for linux/amd64, this is %s/%s", runtime.GOOS, runtime.GOARCH)
		return
	}
	remote := repo.Repo{Dir: t.TempDir()}
	toy.Git(t, remote, "init", "--quiet", "--bare", "--initial-branch=main")
	r := toy.New(t, map[string]string{".gitignore": "/.out/\n"})
	toy.Git(t, r, "remote", "add", "origin", remote.Dir)

	home := t.TempDir()
	var said strings.Builder
	for _, line := range documented(t) {
		said.WriteString(shell(t, r, line, home))
	}
	out := said.String()
	for _, want := range []string{
		"changed worker/CHANGELOG.md", "rehearses all\n", "rehearses schedule@v0.1.0\n", "schedule@v0.1.0: built twice, the same\n",
		"schedule_v0.1.0_linux_amd64.tar.gz: OK", "Nothing was tagged", "Tagged and pushed to origin.", "### Added\n- Everything.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if got, want := toy.Git(t, remote, "tag"), "schedule/v0.1.0\nshared/v0.1.0\nworker/v0.1.0"; got != want {
		t.Errorf("the remote has the tags %s, want %s", got, want)
	}
	installed, err := os.ReadFile(filepath.Join(home, "go", "bin", "schedule"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(installed, packed(t, filepath.Join(r.Dir, ".out/release/schedule/schedule_v0.1.0_linux_amd64.tar.gz"), "schedule")) {
		t.Error("who installs schedule has another program than the one in the archive")
	}
}

// shell runs a command of the document and returns what it printed.
func shell(t *testing.T, r repo.Repo, line, home string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := filepath.Abs("../../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	env := os.Environ()
	if strings.Contains(line, "go install") {
		env = consumer(t, r, home)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", shims+line)
	cmd.Dir, cmd.Env = r.Dir, append(env, "RELEASE="+self, "MAKEFILE="+makefile)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// consumer is the environment of somebody who has our modules from a proxy.
func consumer(t *testing.T, r repo.Repo, home string) []string {
	t.Helper()
	targets, err := app{repo: r}.next(t.Context(), []string{"schedule@v0.1.0"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := stage.New(t.Context(), r, targets, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Fresh) > 0 {
		t.Errorf("%v were not tagged", s.Fresh)
	}
	return s.Env(home, "GOFLAGS=-modcacherw")
}

// packed returns a file of an archive.
func packed(t *testing.T, archive, name string) []byte {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	compressed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for entries := tar.NewReader(compressed); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("%s: no %s", archive, name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(header.Name) != name {
			continue
		}
		data, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
}

// What the shims leave out is done by CI.
func TestRehearsedByCI(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), " make rehearse\n") {
		t.Error(".ci/run does not make rehearse")
	}
}
