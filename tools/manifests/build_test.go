package manifests_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const deploy = "../../deploy/kubernetes"

// seed and authority stand for what natsconf writes.
const (
	seed      = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY\n"
	authority = "-----BEGIN CERTIFICATE-----\n"
)

// folders are deploy/kubernetes in memory, with what natsconf writes in its place.
func folders(t *testing.T) filesys.FileSystem {
	t.Helper()
	memory := filesys.MakeFsInMemory()
	err := filepath.WalkDir(deploy, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(deploy, name)
		if err != nil {
			return err
		}
		return memory.WriteFile(path.Join("/k", filepath.ToSlash(relative)), data)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, overlay := range []string{"single", "production"} {
		for _, name := range []string{"schedule.nk", "worker.nk"} {
			if err := memory.WriteFile("/k/overlays/"+overlay+"/"+name, []byte(seed)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := memory.WriteFile("/k/components/tls/ca.pem", []byte(authority)); err != nil {
		t.Fatal(err)
	}
	return memory
}

// build does what kubectl kustomize does, and decodes what comes out.
func build(t *testing.T, files filesys.FileSystem, folder string) objects {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/k/"+folder)
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	var all objects
	for _, resource := range built.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, decode(t, text))
	}
	return all
}

// read decodes the documents of a file.
func read(t *testing.T, name string) objects {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	var all objects
	for _, document := range split(string(data)) {
		all = append(all, decode(t, []byte(document)))
	}
	return all
}
