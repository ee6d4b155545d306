package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"github.com/weplanx/workflow/tools/internal/release/artifact"
)

// unpack returns the files of an archive by their base names, and their time.
func unpack(name string) (files map[string][]byte, at time.Time, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, at, err
	}
	compressed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, at, fmt.Errorf("%s: %w", name, err)
	}
	files = map[string][]byte{}
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, at, nil
		}
		if err != nil {
			return nil, at, fmt.Errorf("%s: %w", name, err)
		}
		if files[path.Base(header.Name)], err = io.ReadAll(archive); err != nil {
			return nil, at, fmt.Errorf("%s: %w", name, err)
		}
		at = header.ModTime.UTC()
	}
}

// isFor checks what a program says of itself: a wrong one would only be noticed
// where the image is run.
func isFor(program []byte, p artifact.Platform) error {
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		return fmt.Errorf("the program: %w", err)
	}
	var got artifact.Platform
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS":
			got.OS = s.Value
		case "GOARCH":
			got.Arch = s.Value
		}
	}
	if got != p {
		return fmt.Errorf("the program is for %s, want %s", got, p)
	}
	return nil
}

// context is what the Dockerfile copies from, in the form that docker build reads
// from its standard input, of the files of an archive.
func (m Image) context(files map[string][]byte) (io.Reader, error) {
	dockerfile, err := os.ReadFile(m.Dockerfile)
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, f := range []struct {
		name string
		data []byte
		mode int64
	}{
		{"Dockerfile", dockerfile, 0o644},
		{m.Program, files[m.Program], 0o755},
		{"LICENSE", files["LICENSE"], 0o644},
		{m.Program + ".licenses.txt", files["THIRD_PARTY_LICENSES.txt"], 0o644},
	} {
		if len(f.data) == 0 {
			return nil, fmt.Errorf("%s is missing or empty", f.name)
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.data))}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	return &buffer, w.Close()
}
