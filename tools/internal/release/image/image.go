// Package image makes of a program's archives what is pushed to a registry: one
// image for Linux on every processor that there is an archive for, under one
// manifest list, as an OCI image layout.
//
// The Dockerfile in deploy/ says what an image is, and Docker builds it, as for
// everybody else. Its context holds the program, our licence and those of others,
// which are the files of the archive: who pulls an image has the same program as
// who downloads an archive. Nothing is run for it, so that Docker needs neither an
// emulator nor a base image.
//
// What Docker adds about when and where it built is taken off: times are those of
// the archive, which are the commit's. The same archives and the same builder of
// Docker make the same image.
package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/weplanx/workflow/tools/internal/release/artifact"
)

// Image is what an image is made of.
type Image struct {
	Program    string // its name
	Version    string // of the archives; also a label
	Revision   string // the commit, for a label
	Dockerfile string // the file
	Archives   string // the folder of PROGRAM_VERSION_OS_ARCH.tar.gz
}

// Layout builds the image for every platform, writes them as an OCI image layout
// into folder out, which is made, and returns the digest of the manifest list. It
// needs a Docker engine, on which nothing is left.
func (m Image) Layout(ctx context.Context, out string) (digest string, err error) {
	list := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range artifact.Platforms {
		if p.OS != "linux" {
			continue
		}
		image, err := m.platform(ctx, p)
		if err != nil {
			return "", fmt.Errorf("%s for %s: %w", m.Program, p, err)
		}
		if list, err = add(list, image, p); err != nil {
			return "", err
		}
	}
	hash, err := list.Digest()
	if err != nil {
		return "", err
	}
	return hash.String(), write(list, m.Version, out)
}

// platform makes the image of one platform.
func (m Image) platform(ctx context.Context, p artifact.Platform) (v1.Image, error) {
	name := fmt.Sprintf("%s_%s_%s_%s.tar.gz", m.Program, m.Version, p.OS, p.Arch)
	files, at, err := unpack(filepath.Join(m.Archives, name))
	if err != nil {
		return nil, err
	}
	if err := isFor(files[m.Program], p); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	in, err := m.context(files)
	if err != nil {
		return nil, err
	}
	saved, err := m.build(ctx, p, in)
	if err != nil {
		return nil, err
	}
	return normal(saved, at)
}

// normal reads an image as docker save writes it. What comes out is of OCI's media
// types and says nothing of the machine that built it.
func normal(saved []byte, at time.Time) (v1.Image, error) {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(saved)), nil }
	image, err := tarball.Image(open, nil)
	if err != nil {
		return nil, err
	}
	if image, err = mutate.Time(image, at, tarball.WithMediaType(types.OCILayer)); err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.Config.Image, file.Config.Hostname = "", "" // of the step before, and of a container
	if image, err = mutate.ConfigFile(image, file); err != nil {
		return nil, err
	}
	return mutate.ConfigMediaType(mutate.MediaType(image, types.OCIManifestSchema1), types.OCIConfigJSON), nil
}

// add appends an image to a list. The list has the labels as annotations: of a
// list registries show these.
func add(list v1.ImageIndex, image v1.Image, p artifact.Platform) (v1.ImageIndex, error) {
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	if file.OS != p.OS || file.Architecture != p.Arch {
		return nil, fmt.Errorf("docker built an image for %s/%s, want %s", file.OS, file.Architecture, p)
	}
	labels := map[string]string{}
	for name, value := range file.Config.Labels {
		if strings.HasPrefix(name, "org.opencontainers.image.") {
			labels[name] = value
		}
	}
	added := mutate.IndexAddendum{Add: plain{image}}
	added.Platform = &v1.Platform{OS: p.OS, Architecture: p.Arch}
	annotated, ok := mutate.Annotations(mutate.AppendManifests(list, added), labels).(v1.ImageIndex)
	if !ok {
		return nil, errors.New("annotations made something else of a list")
	}
	return annotated, nil
}

// plain is an image whose entry in a list does not say that it is one: what copies
// lists may not know of artifact types, and make another list without them.
type plain struct{ v1.Image }

// ArtifactType is asked for by the library.
func (plain) ArtifactType() (string, error) { return "", nil }

// write writes a list as the one entry of a layout, under the name of its version.
func write(list v1.ImageIndex, version, out string) error {
	entry := mutate.IndexAddendum{Add: list}
	entry.Annotations = map[string]string{"org.opencontainers.image.ref.name": version}
	_, err := layout.Write(out, mutate.AppendManifests(empty.Index, entry))
	return err
}
