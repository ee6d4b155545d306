package deploy_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Git ignores what commands of the guides write into the repository: seeds, keys
// and backups. The file .gitignore is asked in a repository of its own.
func TestSecretsAreIgnored(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	git := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", folder}, args...)...)
		return cmd.CombinedOutput()
	}
	if out, err := git("init", "--quiet"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, ".gitignore"), ignored, 0o600); err != nil {
		t.Fatal(err)
	}
	written := secrets(t)
	if len(written) < 6 {
		t.Fatalf("the guides write %q", written)
	}
	for _, name := range written {
		if out, err := git("check-ignore", name); err != nil {
			t.Errorf("%s would be committed: %v\n%s", name, err, out)
		}
	}
}

// secrets are files that the guides have people write.
func secrets(t *testing.T) (names []string) {
	t.Helper()
	for _, page := range guides(t) {
		for _, line := range commands(page) {
			all, err := words(line)
			if err != nil {
				t.Fatal(err)
			}
			if i := slices.Index(all, "-out"); i >= 0 {
				names = append(names, path.Join(all[i+1], "seeds/beta.admin.nk"))
			}
			if slices.Contains(all, "backup") {
				names = append(names, strings.ReplaceAll(all[len(all)-1], "$stream", "beta_triggers")+"/backup.json")
			}
			if all[0] == "cp" {
				names = append(names, all[2])
			}
		}
	}
	return names
}
