package rehearse

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/weplanx/workflow/tools/internal/release"
)

// programs are what people install, by module.
var programs = map[string][]string{
	"schedule": {"schedule", "schedulectl"},
	"worker":   {"worker"},
}

// installPrograms installs the programs of all staged modules, as their version
// and nothing else, and asks each for it.
func (r *rehearsal) installPrograms(ctx context.Context) error {
	for _, t := range r.stage.Targets {
		for _, name := range programs[t.Module] {
			if _, err := r.run(ctx, r.home, "install", t.Path()+"/cmd/"+name+"@"+t.Version); err != nil {
				return err
			}
			if err := r.checkVersion(ctx, name, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *rehearsal) checkVersion(ctx context.Context, name string, t release.Target) error {
	out, err := exec.CommandContext(ctx, r.installed(name), "--version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s --version: %w: %s", name, err, out)
	}
	got, want := strings.TrimSpace(string(out)), name+" "+t.Version
	if got != want {
		return fmt.Errorf("%s --version says %q, want %q", name, got, want)
	}
	_, _ = fmt.Fprintln(r.out, "   ", got)
	return nil
}

// installed is where an installed program is.
func (r *rehearsal) installed(name string) string {
	return filepath.Join(r.home, "go", "bin", name)
}
