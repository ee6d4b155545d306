package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// kept are the variables of this process that others get. All that changes how
// Go builds is set anew; settings of our programs stay out.
var kept = []string{
	"PATH", "HOME", "USER", "TMPDIR", "TEMP", "SystemRoot", "LOCALAPPDATA",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
}

// settings are what the go command is set to on this machine.
type settings struct {
	GOPROXY, GOSUMDB, GOMODCACHE, GOCACHE string
}

func readSettings(ctx context.Context) (settings, error) {
	var s settings
	out, err := exec.CommandContext(ctx, "go", "env", "-json", "GOPROXY", "GOSUMDB", "GOMODCACHE", "GOCACHE").Output()
	if err == nil {
		err = json.Unmarshal(out, &s)
	}
	if err != nil {
		return s, fmt.Errorf("asking the go command for its settings: %w", err)
	}
	return s, nil
}

// Env is the environment of a consumer: nothing of the workspace, the module
// proxy of this stage first, its own module cache and GOPATH below home. Extra
// variables win.
func (s *Stage) Env(home string, extra ...string) []string {
	var env []string
	for _, name := range kept {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	env = append(
		env,
		"GOENV=off", "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=0", "GO111MODULE=on",
		"GOFLAGS=-trimpath -modcacherw -buildvcs=false",
		"GOPROXY="+strings.Join([]string{fileURL(s.proxy()), fileURL(filepath.Join(s.settings.GOMODCACHE, "cache", "download")), s.settings.GOPROXY}, ","),
		"GOSUMDB="+s.settings.GOSUMDB,
		"GONOSUMDB="+pattern,
		"GOCACHE="+s.settings.GOCACHE,
		"GOPATH="+filepath.Join(home, "go"),
		"GOMODCACHE="+ModCache(home),
	)
	return append(env, extra...)
}

// ModCache is the module cache of a consumer.
func ModCache(home string) string { return filepath.Join(home, "mod") }

// Go runs the go command as a consumer in a folder and returns what it printed.
// The error has what it complained of.
func (s *Stage) Go(ctx context.Context, home, folder string, env []string, args ...string) (string, error) {
	return command(ctx, folder, s.Env(home, env...), args...)
}

func command(ctx context.Context, folder string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var complaint strings.Builder
	cmd.Dir, cmd.Env, cmd.Stderr = folder, env, &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s%s", strings.Join(args, " "), err, out, strings.TrimSpace(complaint.String()))
	}
	return string(out), nil
}

func fileURL(folder string) string {
	return "file://" + filepath.ToSlash(folder)
}
