//go:build e2e

package container_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// shelf is the folder of an OCI image layout, and a registry of what is in it that
// engines can pull from
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull).
type shelf string

// path is where the layout has the blob of a digest.
func (s shelf) path(digest string) string {
	return filepath.Join(string(s), "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

// named returns the digest of what has a name.
func (s shelf) named(name string) (string, error) {
	data, err := os.ReadFile(filepath.Join(string(s), "index.json"))
	if err != nil {
		return "", err
	}
	var index struct {
		Manifests []struct {
			Digest      string
			Annotations map[string]string
		}
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return "", err
	}
	for _, m := range index.Manifests {
		if m.Annotations["org.opencontainers.image.ref.name"] == name {
			return m.Digest, nil
		}
	}
	return "", fmt.Errorf("the layout has no %s", name)
}

// ServeHTTP answers /v2/, /v2/…/manifests/NAME or DIGEST and /v2/…/blobs/DIGEST.
func (s shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v2/" {
		return
	}
	kind, reference := filepath.Split(r.URL.Path)
	digest := reference
	if !strings.HasPrefix(reference, "sha256:") {
		digest, _ = s.named(reference)
	}
	data, err := os.ReadFile(s.path(digest))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Docker-Content-Digest", digest)
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	if strings.HasSuffix(kind, "/manifests/") {
		var manifest struct{ MediaType string }
		_ = json.Unmarshal(data, &manifest)
		w.Header().Set("Content-Type", manifest.MediaType)
	}
	_, _ = w.Write(data)
}
