package artifact

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAppendLicence(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"README.md", "license.go", "LICENSE-MIT", "NOTICE"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("text of "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	if err := appendLicence(&text, "example.com/a v1.0.0", folder); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LICENSE-MIT", "NOTICE"} {
		if !strings.Contains(text.String(), "example.com/a v1.0.0: "+name+"\n\ntext of "+name+"\n") {
			t.Errorf("%s is missing in\n%s", name, &text)
		}
	}
	if strings.Contains(text.String(), "README") || strings.Contains(text.String(), "license.go") {
		t.Errorf("has more than licences:\n%s", &text)
	}
	if err := appendLicence(&text, "example.com/b v1.0.0", t.TempDir()); err == nil || !strings.Contains(err.Error(), "has no file with its licence") {
		t.Errorf("takes a module without licence: %v", err)
	}
}
