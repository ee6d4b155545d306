package main

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/weplanx/workflow/tools/internal/release/licence"
)

// licensed ends the name of the file that is written beside a program.
const licensed = ".licenses.txt"

// licences writes those of others beside programs that the go command has built
// on this machine, from the modules that it has here.
func (a app) licences(ctx context.Context, args []string) error {
	flags := a.flags("licences")
	if err := parse(flags, args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		flags.Usage()
		return errUsage
	}
	out, err := exec.CommandContext(ctx, "go", "env", "-json", "GOROOT", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("asking the go command for its folders: %w", err)
	}
	var folders struct{ GOROOT, GOMODCACHE string }
	if err := json.Unmarshal(out, &folders); err != nil {
		return err
	}
	for _, program := range flags.Args() {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return err
		}
		text, err := licence.Folders{Root: folders.GOROOT, Modules: folders.GOMODCACHE}.Text(info)
		if err != nil {
			return fmt.Errorf("%s: %w", program, err)
		}
		//nolint:gosec // G306: in an image any user reads it
		if err := os.WriteFile(program+licensed, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
