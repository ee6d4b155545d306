//go:build e2e

package container_test

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// The images check themselves, and need neither a writable root nor
// capabilities nor a user of the machine.
func TestImagesAreHealthyWithoutPrivileges(t *testing.T) {
	t.Parallel()
	s := on(t, mainCluster)
	healthy := wait.ForHealthCheck().WithStartupTimeout(startTimeout)
	for _, name := range []string{scheduler, worker} {
		request := s.byEnvironment(name, healthy)
		before := request.HostConfigModifier
		request.User = "12345:12345"
		request.HostConfigModifier = func(c *container.HostConfig) {
			before(c)
			c.ReadonlyRootfs, c.CapDrop, c.SecurityOpt = true, []string{"ALL"}, []string{"no-new-privileges"}
		}
		n := s.run(name, request)
		info, err := docker.ContainerInspect(t.Context(), n.GetContainerID(), client.ContainerInspectOptions{})
		s.must(err)
		if h := info.Container.Config.Healthcheck; h == nil || h.Interval > 30*time.Second {
			t.Errorf("%s: health check %+v, want one at least each 30 s", name, h)
		}
		for label, want := range map[string]string{
			"version": newVersion, "revision": docker.run, "source": "https://github.com/weplanx/workflow", "licenses": "BSD-3-Clause",
		} {
			if got := info.Container.Config.Labels["org.opencontainers.image."+label]; got != want {
				t.Errorf("%s: label %s is %q, want %q", name, label, got, want)
			}
		}
		n.wantLicences(t)
	}
}

// wantLicences looks for those of Go and of NATS among the others.
func (n *node) wantLicences(t *testing.T) {
	t.Helper()
	file, err := n.CopyFileFromContainer(t.Context(), "/licenses/THIRD_PARTY_LICENSES.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"\nThe Go programming language, go1.", "\ngithub.com/nats-io/nats.go v1."} {
		if !bytes.Contains(text, []byte(title)) {
			t.Errorf("%s: no licence of %q in %d bytes", n.name, title, len(text))
		}
	}
}

// byEnvironment is a service that is set by its environment alone.
func (s *site) byEnvironment(name string, ready wait.Strategy) testcontainers.ContainerRequest {
	request := s.worker("images", s.secret("images."+name), ready)
	if request.Image = docker.tags[name]; name == scheduler {
		request.ExposedPorts = []string{schedulerPort + "/tcp"}
	}
	return request
}

// starts of each program whose time is taken; the middle one is told.
const starts = 3

// What the images take: their sizes, and how long it is from the start of a
// container until the program is ready, its streams being there. It only prints.
func TestSizesAndStarts(t *testing.T) { //nolint:paralleltest // it takes times
	s := on(t, mainCluster)
	s.startScheduler("images") // makes the streams
	for name, port := range map[string]string{natsServer: "", scheduler: schedulerPort, worker: workerPort} {
		info, err := docker.ImageInspect(t.Context(), docker.tags[name])
		s.must(err)
		line := name + ": "
		if port != "" {
			line += s.startTimes(name, port)
		}
		t.Logf("%simage of %.1f MB", line, float64(info.Size)/1e6)
	}
}

func (s *site) startTimes(name, port string) string {
	s.t.Helper()
	var times []time.Duration
	for range starts {
		request := s.byEnvironment(name, readiness(port))
		request.Networks, request.Labels = s.forServices(), docker.labels()
		n, err := testcontainers.GenericContainer(s.t.Context(), testcontainers.GenericContainerRequest{ContainerRequest: request, Logger: quiet{}})
		s.t.Cleanup(func() { testcontainers.CleanupContainer(s.t, n) })
		s.must(err)
		began := time.Now()
		s.must(n.Start(s.t.Context()))
		times = append(times, time.Since(began))
		s.must(n.Terminate(s.t.Context()))
	}
	slices.Sort(times)
	return "ready " + times[starts/2].Round(time.Millisecond).String() + " after docker start, "
}
