//go:build e2e

package container_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/testcontainers/testcontainers-go"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

const (
	reconnectWait = 100 * time.Millisecond
	pingInterval  = time.Second
	connectLimit  = time.Minute
)

// site is what one test has of a cluster, and the containers that it starts there.
type site struct {
	*cluster
	t    testing.TB
	logs map[string]string // of containers that have been removed
}

// on opens a cluster for a test, once it is healthy. Logs are kept when the test
// has failed.
func on(t testing.TB, open func() (*cluster, error)) *site {
	t.Helper()
	c, err := open()
	s := &site{cluster: c, t: t, logs: map[string]string{}}
	t.Cleanup(s.keepLogs) // after those of what the test starts
	s.must(err)
	s.must(c.healthy(t.Context()))
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// keepLogs writes the logs of all containers that the test had to do with.
func (s *site) keepLogs() {
	if !s.t.Failed() {
		return
	}
	for _, server := range s.servers {
		s.collect(server.node)
	}
	folder := s.t.ArtifactDir()
	for name, text := range s.logs {
		if err := os.WriteFile(filepath.Join(folder, name+".log"), []byte(text), 0o600); err != nil {
			s.t.Errorf("keep the log of %s: %v", name, err)
		}
	}
	s.t.Errorf("logs of all containers are in %s", folder)
}

func (s *site) collect(n *node) {
	if n.exists() {
		s.logs[n.name+"-"+n.GetContainerID()[:12]] = n.output()
	}
}

// run starts a container in the services' networks. It is removed by the test's
// cleanup.
func (s *site) run(name string, request testcontainers.ContainerRequest) *node {
	s.t.Helper()
	request.Networks = s.forServices()
	n, err := docker.start(s.t.Context(), name, request)
	s.t.Cleanup(func() {
		s.collect(n)
		if err := n.remove(); err != nil {
			s.t.Errorf("remove %s: %v", name, err)
		}
	})
	s.must(err)
	return n
}

// as opens a connection of a user until the test's cleanup.
func (s *site) as(user string, servers ...*server) *nats.Conn {
	s.t.Helper()
	nc, err := s.connect(user, servers...)
	s.must(err)
	s.t.Cleanup(nc.Close)
	return nc
}

// ready is nil when a service says that it is ready.
func (s *site) ready(n *node, port string) error {
	url, err := n.PortEndpoint(s.t.Context(), port+"/tcp", "http")
	if err != nil {
		return fmt.Errorf("%s: %w", n.name, err)
	}
	return fleet.Get(s.t.Context(), url+"/readyz")
}

// await waits, with patience, for something that is nil once it has happened.
func (s *site) await(what string, happened func() error) {
	s.t.Helper()
	began := time.Now()
	s.must(fleet.Await(s.t.Context(), patience, what, happened))
	s.note("waited %s for %s", time.Since(began).Round(time.Millisecond), what)
}

// note logs when something happened, as the containers' logs do.
func (s *site) note(format string, args ...any) {
	s.t.Helper()
	s.t.Logf(time.Now().UTC().Format("15:04:05.000 ")+format, args...)
}
