//go:build e2e

package container_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// startTimeout bounds how long a container may take to be ready.
const startTimeout = time.Minute

// node is a container.
type node struct {
	testcontainers.Container
	name string
}

// start starts a container and waits until it is ready. Where that fails there
// may be a node nevertheless, to be removed, and the error tells the end of its
// log.
func (e *engine) start(ctx context.Context, name string, request testcontainers.ContainerRequest) (*node, error) {
	if e.closing.Load() {
		return nil, errors.New("container " + name + ": the run is being broken off")
	}
	request.Labels = e.labels()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: request, Started: true, Logger: quiet{},
	})
	n := &node{Container: c, name: name}
	if err != nil {
		err = fmt.Errorf("container %s: %w; its log ends with:\n%s", name, err, last(n.output(), 15))
	}
	return n, err
}

// exists is false for one that could not even be created.
func (n *node) exists() bool { return n != nil && n.Container != nil && n.GetContainerID() != "" }

// output is everything the container has printed.
func (n *node) output() string {
	if !n.exists() {
		return ""
	}
	return docker.logs(context.Background(), n.GetContainerID())
}

// remove ends the container, if it still runs, and removes it with its volumes.
func (n *node) remove() error {
	if !n.exists() {
		return nil
	}
	return n.Terminate(context.Background(), testcontainers.StopTimeout(time.Second))
}

// kill ends the container's program at once, without a chance to clean up, and
// waits until it has ended.
func (n *node) kill(ctx context.Context) error {
	waiting := docker.ContainerWait(ctx, n.GetContainerID(), client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	_, err := docker.ContainerKill(ctx, n.GetContainerID(), client.ContainerKillOptions{Signal: "SIGKILL"})
	if err != nil {
		return fmt.Errorf("kill %s: %w", n.name, err)
	}
	select {
	case <-waiting.Result:
		return nil
	case err := <-waiting.Error:
		return fmt.Errorf("wait for the end of %s: %w", n.name, err)
	}
}

// end stops the container as an orchestrator does, with SIGTERM. It fails when the
// program does not end by itself within the grace period, with status 0.
func (n *node) end(ctx context.Context, grace time.Duration) error {
	if err := n.Stop(ctx, &grace); err != nil {
		return fmt.Errorf("stop %s: %w", n.name, err)
	}
	state, err := n.State(ctx)
	if err == nil && state.ExitCode != 0 {
		err = fmt.Errorf("status %d; its log ends with:\n%s", state.ExitCode, last(n.output(), 15))
	}
	if err != nil {
		return fmt.Errorf("end of %s: %w", n.name, err)
	}
	return nil
}

// address is the node's in a network.
func (n *node) address(ctx context.Context, in *network) (string, error) {
	info, err := n.Inspect(ctx)
	if err != nil {
		return "", err
	}
	for _, endpoint := range info.NetworkSettings.Networks {
		if endpoint.NetworkID == in.ID && endpoint.IPAddress.IsValid() {
			return endpoint.IPAddress.String(), nil
		}
	}
	return "", errors.New(n.name + " has no address in " + in.name)
}

// volume is an empty one that goes with its container.
func volume(target string) mount.Mount {
	return mount.Mount{Type: mount.TypeVolume, Target: target, VolumeOptions: &mount.VolumeOptions{Labels: docker.labels()}}
}

// bound is a file or folder of this machine that can be read in a container.
func bound(source, target string) mount.Mount {
	return mount.Mount{Type: mount.TypeBind, Source: source, Target: target, ReadOnly: true}
}

// file is a file that is copied into a container before it starts.
func file(path, content string) testcontainers.ContainerFile {
	return testcontainers.ContainerFile{Reader: strings.NewReader(content), ContainerFilePath: path, FileMode: 0o444}
}

// last are the last lines of a text.
func last(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(len(lines)-n, 0):], "\n")
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
