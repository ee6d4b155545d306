package artifact

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Checksums is the name of the file that lists them.
const Checksums = "checksums.txt"

// file is one within an archive.
type file struct {
	name    string
	data    []byte
	program bool
}

func (f file) mode() os.FileMode {
	if f.program {
		return 0o755
	}
	return 0o644
}

// archive writes files below a folder of the archive's name, sorted, all of the
// commit's time, and returns the name: a zip for Windows, else a tar.gz.
func (b *build) archive(base string, platform Platform, files []file) (string, error) {
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	name, write := base+".tar.gz", writeTar
	if platform.OS == "windows" {
		name, write = base+".zip", writeZip
	}
	var buffer bytes.Buffer
	if err := write(&buffer, base, files, b.time); err != nil {
		return "", err
	}
	return name, os.WriteFile(filepath.Join(b.out, name), buffer.Bytes(), 0o600)
}

func writeTar(w io.Writer, folder string, files []file, at time.Time) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, f := range files {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: folder + "/" + f.name, Size: int64(len(f.data)), Mode: int64(f.mode()),
			ModTime: at, Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.data); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

func writeZip(w io.Writer, folder string, files []file, at time.Time) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		header := &zip.FileHeader{Name: folder + "/" + f.name, Method: zip.Deflate, Modified: at}
		header.SetMode(f.mode())
		part, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := part.Write(f.data); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writeChecksums lists the SHA-256 of files in a folder as sha256sum does.
func writeChecksums(folder string, names []string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(slices.Values(names)) {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(data), name)
	}
	return os.WriteFile(filepath.Join(folder, Checksums), []byte(text.String()), 0o600)
}
