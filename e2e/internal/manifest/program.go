// Package manifest says what an orchestrator would give to containers: it reads
// what kubectl and docker compose would run, as tools/manifests/cmd/render prints
// it, so that a test can start containers in the same way.
//
// It knows what the manifests in deploy/ use, and refuses what it does not know
// where that would change what a program sees.
package manifest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// Program is what one kind of container is started with.
type Program struct {
	Name            string
	Image           string
	Command         []string // arguments; none: the image's
	Env             map[string]string
	Mounts          []Mount
	User            string // empty: the image's
	ReadOnly        bool   // the root file system
	Drop            []string
	NoNewPrivileges bool
	Memory          int64         // bytes; 0: no limit
	Replicas        int           // from 1
	Grace           time.Duration // from SIGTERM to SIGKILL
	Port            string        // that the probe asks; empty: there is none
	Ready           string        // path of the probe
}

// Mount is a file or folder of this machine in a container, or a volume.
type Mount struct {
	Source   string // empty: a volume
	Target   string
	ReadOnly bool
}

// Render runs tools/manifests/cmd/render on a folder or a compose file. root is
// that of the repository; env is on top of the process's environment.
func Render(root, path string, env ...string) ([]byte, error) {
	cmd := exec.Command("go", "-C", root+"/tools/manifests", "run", "./cmd/render", path)
	cmd.Env = append(append(os.Environ(), "GOWORK=off"), env...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("render %s: %w\n%s", path, err, exit.Stderr)
	}
	return out, err
}
