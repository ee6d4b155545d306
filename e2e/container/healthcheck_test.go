//go:build e2e

package container_test

import (
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go/wait"
)

// The images check themselves, and need neither a writable root nor
// capabilities nor a user of the machine.
func TestImagesAreHealthyWithoutPrivileges(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	healthy := wait.ForHealthCheck().WithStartupTimeout(startTimeout)
	for _, name := range []string{"schedule", "worker"} {
		request := s.worker("beta", s.seed, healthy) // both can be set by the environment alone
		request.Image = docker.tags[name]
		request.User = "12345:12345"
		request.HostConfigModifier = func(c *container.HostConfig) {
			c.ReadonlyRootfs, c.CapDrop, c.SecurityOpt = true, []string{"ALL"}, []string{"no-new-privileges"}
		}
		n := s.run(name, request)
		info, err := docker.ContainerInspect(t.Context(), n.GetContainerID(), client.ContainerInspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if h := info.Container.Config.Healthcheck; h == nil || h.Interval > 30*time.Second {
			t.Errorf("%s: health check %+v, want one at least each 30 s", name, h)
		}
		for _, label := range []string{"version", "revision", "source", "licenses"} {
			if info.Container.Config.Labels["org.opencontainers.image."+label] == "" {
				t.Errorf("%s: no label %s", name, label)
			}
		}
	}
}
