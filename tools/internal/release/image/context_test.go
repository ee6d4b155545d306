package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/weplanx/workflow/tools/internal/release/artifact"
)

// archive writes an archive as artifact does, into a folder.
func archive(t *testing.T, folder, base string, files map[string]string) string {
	t.Helper()
	var buffer bytes.Buffer
	compressed := gzip.NewWriter(&buffer)
	w := tar.NewWriter(compressed)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: base + "/" + name, Mode: 0o644, Size: int64(len(text)), ModTime: tagged}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, base+".tar.gz")
	if err := os.WriteFile(path, buffer.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var packed = map[string]string{
	"schedule": "program", "LICENSE": "ours", "THIRD_PARTY_LICENSES.txt": "of others", "README.md": "text", "CHANGELOG.md": "text",
}

// The context is what the Dockerfile copies, and make build writes into .bin.
func TestContext(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	files, at, err := unpack(archive(t, folder, "schedule_v0.1.0_linux_arm64", packed))
	if err != nil || !at.Equal(tagged) {
		t.Fatalf("of %v, %v", at, err)
	}
	dockerfile := filepath.Join(folder, "Dockerfile")
	if err := os.WriteFile(dockerfile, []byte("FROM scratch"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := Image{Program: "schedule", Version: "v0.1.0", Dockerfile: dockerfile}
	in, err := m.context(files)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for entries := tar.NewReader(in); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		got[header.Name] = string(data)
		if runs := header.Mode&0o111 != 0; runs != (header.Name == "schedule") || header.Mode&0o444 != 0o444 {
			t.Errorf("%s: mode %o", header.Name, header.Mode)
		}
	}
	want := map[string]string{"Dockerfile": "FROM scratch", "schedule": "program", "LICENSE": "ours", "schedule.licenses.txt": "of others"}
	if !maps.Equal(got, want) {
		t.Errorf("context %q, want %q", got, want)
	}
	delete(files, "THIRD_PARTY_LICENSES.txt")
	if _, err := m.context(files); err == nil || err.Error() != "schedule.licenses.txt is missing or empty" {
		t.Errorf("without licences: %v", err)
	}
}

// A program of another platform is not packed.
func TestIsFor(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	here := artifact.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	if err := isFor(program, here); err != nil {
		t.Error(err)
	}
	want := "the program is for " + here.String() + ", want linux/riscv64"
	if err := isFor(program, artifact.Platform{OS: "linux", Arch: "riscv64"}); err == nil || err.Error() != want {
		t.Errorf("elsewhere: %v, want %s", err, want)
	}
	if err := isFor([]byte("#!/bin/sh"), here); err == nil || !strings.HasPrefix(err.Error(), "the program: ") {
		t.Errorf("a script: %v", err)
	}
}

// What is missing is said before Docker is asked.
func TestLayoutWithoutArchives(t *testing.T) {
	t.Parallel()
	m := Image{Program: "schedule", Version: "v0.1.0", Archives: t.TempDir()}
	if _, err := m.Layout(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "schedule for linux/amd64: open ") {
		t.Errorf("no archive: %v", err)
	}
	archive(t, m.Archives, "schedule_v0.1.0_linux_amd64", packed)
	if _, err := m.Layout(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "schedule_v0.1.0_linux_amd64.tar.gz: the program: ") {
		t.Errorf("no program: %v", err)
	}
}
