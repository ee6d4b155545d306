package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/weplanx/workflow/tools/internal/release"
)

// pattern names our modules in variables of the go command.
const pattern = "github.com/weplanx/workflow"

func (s *Stage) proxy() string { return filepath.Join(s.folder, "proxy") }

// publish lets the go command make the zips of the targets from the bare
// repository, as it would from the one on the network, and lays them out as a
// proxy (https://go.dev/ref/mod#goproxy-protocol).
func (s *Stage) publish(ctx context.Context) error {
	home := filepath.Join(s.folder, "zips")
	env := s.Env(
		home,
		"GOPRIVATE="+pattern, "GOPROXY=off", // ours come from git, and nothing else is asked for
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=url."+fileURL(s.origin())+".insteadOf",
		"GIT_CONFIG_VALUE_0=https://"+pattern,
	)
	args := []string{"mod", "download"}
	for _, t := range s.Targets {
		args = append(args, t.Path()+"@"+t.Version)
	}
	if _, err := command(ctx, s.folder, env, args...); err != nil {
		return fmt.Errorf("making the zips of the modules: %w", err)
	}
	for _, t := range s.Targets {
		if err := s.add(ModCache(home), t); err != nil {
			return fmt.Errorf("proxy of %s: %w", t, err)
		}
	}
	return nil
}

// add copies the files of a module into the proxy.
func (s *Stage) add(cache string, t release.Target) error {
	folder := filepath.FromSlash(t.Path()) + "/@v"
	to := filepath.Join(s.proxy(), folder)
	if err := os.MkdirAll(to, 0o750); err != nil {
		return err
	}
	for _, suffix := range []string{".info", ".mod", ".zip"} {
		data, err := os.ReadFile(filepath.Join(cache, "cache", "download", folder, t.Version+suffix))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, t.Version+suffix), data, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(to, "list"), []byte(t.Version+"\n"), 0o600)
}

// describe lists targets for people.
func describe(targets []release.Target) string {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

// Describe says in one line what can be had, and what of it is tagged here only.
func (s *Stage) Describe() string {
	if len(s.Fresh) == 0 {
		return describe(s.Targets) + ", all tagged"
	}
	return describe(s.Targets) + "; tagged only here: " + describe(s.Fresh)
}
