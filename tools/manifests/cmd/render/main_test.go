package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// kinds of the objects that are printed.
func kinds(t *testing.T, folder string) []string {
	t.Helper()
	text, err := render(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	var objects []struct{ Kind string }
	if err := json.Unmarshal(text, &objects); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, o := range objects {
		all = append(all, o.Kind)
	}
	return all
}

func put(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	const (
		service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
		two     = service + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"
		kustom  = "resources: [two.yml]\nsecretGenerator: [{name: c, literals: [x=y]}]\n"
	)
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"manifests":     {map[string]string{"one.yml": service, "two.yml": two, "other.txt": "x"}, []string{"Service", "Service", "ConfigMap"}},
		"kustomization": {map[string]string{"two.yml": two, "kustomization.yml": kustom}, []string{"Service", "ConfigMap", "Secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			put(t, folder, test.files)
			got := kinds(t, folder)
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCompose(t *testing.T) {
	t.Setenv("TAG", "v7")
	folder := t.TempDir()
	put(t, folder, map[string]string{
		"compose.yml": "name: x\nservices:\n  a: {image: \"b:${TAG:-latest}\", env_file: ./a.env}\n", "a.env": "SEED=SU\n",
	})
	text, err := render(t.Context(), filepath.Join(folder, "compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"b:v7"`, `"SEED": "SU"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s\nlacks %s", text, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	put(t, folder, map[string]string{"twice.yml": "kind: A\nkind: B\n"})
	for _, path := range []string{folder, filepath.Join(folder, "none")} {
		if text, err := render(t.Context(), path); err == nil {
			t.Errorf("%s: printed %s", path, text)
		}
	}
}
