//go:build e2e

package container_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

const (
	releasedVersion  = "v0.1.0-rc.1"
	releasedRevision = "0123456789abcdef0123456789abcdef01234567"
)

// Images are released for two platforms under one name, of which an engine pulls
// its own. They are what the Dockerfile says, as those of all other tests. A small
// program is packed here: compiling ours for another processor takes minutes.
func TestReleasedImages(t *testing.T) {
	t.Parallel()
	archives, out := t.TempDir(), t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		releasedArchive(t, filepath.Join(archives, scheduler), arch)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(docker.work, release), "images",
		"-archives", archives, "-out", out, "-revision", releasedRevision, scheduler+"@"+releasedVersion)
	cmd.Dir = root
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("release images: %v\n%s", err, said)
	}
	registry := shelf(filepath.Join(out, scheduler))
	server := httptest.NewServer(registry)
	t.Cleanup(server.Close)
	name := strings.TrimPrefix(server.URL, "http://") + "/" + scheduler
	digest, err := registry.named(releasedVersion)
	if err != nil {
		t.Fatal(err)
	}
	if want := scheduler + "@" + releasedVersion + ": " + digest + "\n"; string(said) != want {
		t.Errorf("said %q, want %q", said, want)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		testPulled(t, name+":"+releasedVersion, arch)
	}
	testLayers(t, registry, digest)
}

// releasedArchive writes an archive as release build does, with a program that
// does nothing.
func releasedArchive(t *testing.T, folder, arch string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	base, source := scheduler+"_"+releasedVersion+"_linux_"+arch, t.TempDir()
	if err := os.Mkdir(filepath.Join(source, base), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"main.go": "package main\n\nfunc main() {}\n", base + "/LICENSE": "ours", base + "/THIRD_PARTY_LICENSES.txt": "of others, " + arch,
	} {
		if err := os.WriteFile(filepath.Join(source, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"go", "build", "-trimpath", "-ldflags", "-s -w", "-o", base + "/" + scheduler, "main.go"},
		{"tar", "-czf", filepath.Join(folder, base+".tar.gz"), base},
	} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Env = source, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS=linux", "GOARCH="+arch)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, said)
		}
	}
}

// testPulled pulls an image for a processor and compares what it is started with
// to the image that other tests use.
func testPulled(t *testing.T, reference, arch string) {
	t.Helper()
	pull := exec.CommandContext(t.Context(), "docker", "pull", "--quiet", "--platform", "linux/"+arch, reference)
	if said, err := pull.CombinedOutput(); err != nil {
		t.Fatalf("docker pull: %v\n%s", err, said)
	}
	got, err := docker.ImageInspect(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := docker.ImageRemove(t.Context(), reference, client.ImageRemoveOptions{PruneChildren: true}); err != nil {
		t.Fatal(err)
	}
	want, err := docker.ImageInspect(t.Context(), docker.tags[scheduler])
	if err != nil {
		t.Fatal(err)
	}
	if got.Os != "linux" || got.Architecture != arch {
		t.Errorf("%s: the image is for %s/%s", arch, got.Os, got.Architecture)
	}
	labels := maps.Clone(want.Config.Labels)
	delete(labels, label)
	labels["org.opencontainers.image.version"], labels["org.opencontainers.image.revision"] = releasedVersion, releasedRevision
	if !maps.Equal(got.Config.Labels, labels) {
		t.Errorf("%s: labels %v, want %v", arch, got.Config.Labels, labels)
	}
	got.Config.Labels, want.Config.Labels = nil, nil
	if !reflect.DeepEqual(got.Config, want.Config) {
		t.Errorf("%s: config %+v, want %+v", arch, got.Config, want.Config)
	}
}

// testLayers looks at the files of both images of a list.
func testLayers(t *testing.T, registry shelf, digest string) {
	t.Helper()
	var list, image struct {
		Manifests, Layers []struct {
			Digest   string
			Platform struct{ Architecture string }
		}
	}
	registry.decode(t, digest, &list)
	for _, m := range list.Manifests {
		arch := m.Platform.Architecture
		registry.decode(t, m.Digest, &image)
		files := map[string]string{}
		for _, layer := range image.Layers {
			untar(t, registry.path(layer.Digest), files)
		}
		if files["licenses/LICENSE"] != "ours" || files["licenses/THIRD_PARTY_LICENSES.txt"] != "of others, "+arch {
			t.Errorf("%s: the licences are not those of the archive", arch)
		}
		if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, []string{"app/schedule", "licenses/LICENSE", "licenses/THIRD_PARTY_LICENSES.txt"}) {
			t.Errorf("%s: files %v", arch, got)
		}
	}
	if len(list.Manifests) != 2 {
		t.Errorf("%d images, want 2", len(list.Manifests))
	}
}

// untar adds the regular files of a layer.
func untar(t *testing.T, path string, files map[string]string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	layer, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for entries := tar.NewReader(layer); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = string(content)
		if header.FileInfo().Mode().Perm()&0o444 != fs.FileMode(0o444) {
			t.Errorf("%s: mode %o, want one that any user may read", header.Name, header.Mode)
		}
	}
}

// decode reads a manifest.
func (s shelf) decode(t *testing.T, digest string, into any) {
	t.Helper()
	data, err := os.ReadFile(s.path(digest))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
