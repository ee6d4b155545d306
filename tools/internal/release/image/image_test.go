package image

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/weplanx/workflow/tools/internal/release/artifact"
)

var (
	amd64  = artifact.Platform{OS: "linux", Arch: "amd64"}
	arm64  = artifact.Platform{OS: "linux", Arch: "arm64"}
	tagged = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
)

// config is what a Dockerfile says, and a bit of the machine that built it.
func config(host string) v1.Config {
	return v1.Config{
		User: "65532:65532", Entrypoint: []string{"/app/schedule"}, WorkingDir: "/app",
		Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "/app/schedule", "-healthcheck"}},
		Labels:      map[string]string{"org.opencontainers.image.version": "v0.1.0", "com.example.host": host},
		Hostname:    host, Image: "sha256:" + host,
	}
}

// saved is what docker save writes of an image that was built at some time on
// some machine.
func saved(t *testing.T, p artifact.Platform, at time.Time, c v1.Config) []byte {
	t.Helper()
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	if err := w.WriteHeader(&tar.Header{Name: "app/schedule", Mode: 0o755, Size: 7, ModTime: at}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("program")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "COPY", Created: v1.Time{Time: at}}})
	if err != nil {
		t.Fatal(err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config, file.Created, file.Container = p.OS, p.Arch, c, v1.Time{Time: at}, c.Hostname
	if image, err = mutate.ConfigFile(image, file); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := tarball.Write(name.MustParseReference("weplanx/schedule:some"), image, &archive); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

// list is the manifest list of images of both platforms.
func list(t *testing.T, at time.Time, c v1.Config) v1.ImageIndex {
	t.Helper()
	all := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range []artifact.Platform{amd64, arm64} {
		image, err := normal(saved(t, p, at, c), tagged)
		if err != nil {
			t.Fatal(err)
		}
		if all, err = add(all, image, p); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestList(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := write(list(t, time.Now(), config("a")), "v0.1.0", folder); err != nil {
		t.Fatal(err)
	}
	all, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := all.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(entries.Manifests) != 1 || entries.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "v0.1.0" {
		t.Fatalf("entries %+v, want v0.1.0 alone", entries.Manifests)
	}
	one, err := all.ImageIndex(entries.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := one.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"org.opencontainers.image.version": "v0.1.0"}; !maps.Equal(manifest.Annotations, want) {
		t.Errorf("annotations %v, want %v", manifest.Annotations, want)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
		if m.ArtifactType != "" {
			t.Errorf("%s: an artifact of type %s; skopeo 1.13 copies the list as another one", m.Platform, m.ArtifactType)
		}
		image, err := one.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		testImage(t, image, m.Platform.Architecture)
	}
	if want := []string{"linux/amd64", "linux/arm64"}; !slices.Equal(platforms, want) {
		t.Errorf("platforms %v, want %v", platforms, want)
	}
}

// testImage checks that what the Dockerfile says is kept.
func testImage(t *testing.T, image v1.Image, arch string) {
	t.Helper()
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := file.Config
	if file.OS != "linux" || file.Architecture != arch || !file.Created.Equal(tagged) || c.User != "65532:65532" || c.WorkingDir != "/app" ||
		!slices.Equal(c.Entrypoint, []string{"/app/schedule"}) || c.Healthcheck == nil || len(c.Labels) != 2 {
		t.Errorf("%s: config %+v", arch, file)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	got := []types.MediaType{manifest.MediaType, manifest.Config.MediaType, manifest.Layers[0].MediaType}
	if want := []types.MediaType{types.OCIManifestSchema1, types.OCIConfigJSON, types.OCILayer}; !slices.Equal(got, want) {
		t.Errorf("%s: media types %v, want %v", arch, got, want)
	}
}

// When and where Docker built makes no difference.
func TestReproducible(t *testing.T) {
	t.Parallel()
	digest := func(at time.Time, host string) string {
		c := config(host)
		delete(c.Labels, "com.example.host")
		hash, err := list(t, at, c).Digest()
		if err != nil {
			t.Fatal(err)
		}
		return hash.String()
	}
	first, second := digest(tagged.Add(time.Hour), "a"), digest(tagged.Add(2*time.Hour), "b")
	if first != second {
		t.Errorf("made %s, and elsewhere %s", first, second)
	}
}

// A Docker that does not care what platform it is asked for is noticed.
func TestOtherPlatform(t *testing.T) {
	t.Parallel()
	image, err := normal(saved(t, amd64, tagged, config("a")), tagged)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add(empty.Index, image, arm64); err == nil || !strings.Contains(err.Error(), "an image for linux/amd64, want linux/arm64") {
		t.Errorf("took it: %v", err)
	}
}
