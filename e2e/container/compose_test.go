//go:build e2e

package container_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/manifest"
)

// The file of deploy/compose, after the commands that it begins with: one NATS
// server, two schedulers, two workers. The server is restarted meanwhile.
func TestCompose(t *testing.T) {
	t.Parallel()
	var programs map[string]manifest.Program
	s := on(t, func() (*cluster, error) {
		c := &cluster{layout: layout{hosts: []string{"nats"}, tls: "off"}}
		t.Cleanup(func() {
			if err := c.close(context.Background()); err != nil {
				t.Errorf("close the cluster: %v", err)
			}
		})
		var err error
		if programs, err = c.compose(t); err == nil {
			err = c.startComposed(t.Context(), programs["nats"])
		}
		return c, err
	})
	l := s.deploy("beta", programs)
	l.Store(schedules, l.target)
	l.Await(5, patience)
	server := s.servers[0]
	span := ledger.Span{From: time.Now()}
	s.must(server.end(t.Context(), programs["nats"].Grace))
	s.must(server.Start(t.Context()))
	span.To = time.Now()
	l.More(10, patience)
	l.wantReady()
	l.Finish(ledger.Rules{PublishedOnce: true, Harm: []ledger.Span{span}})
}

// compose reads the file, with what natsconf writes beside it.
func (c *cluster) compose(t *testing.T) (map[string]manifest.Program, error) {
	t.Helper()
	folder := t.TempDir()
	data, err := os.ReadFile(root + "/deploy/compose/compose.yml")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "compose.yml"), data, 0o600); err != nil {
		return nil, err
	}
	c.folder = filepath.Join(folder, "nats")
	err = exec.CommandContext(t.Context(), filepath.Join(docker.work, natsconf),
		"-namespace", "beta", "-nodes", "nats", "-tls", "off", "-out", c.folder).Run()
	if err != nil {
		return nil, err
	}
	rendered, err := manifest.Render(root, filepath.Join(folder, "compose.yml"))
	if err != nil {
		return nil, err
	}
	return manifest.Compose(rendered)
}

// startComposed starts the file's NATS server.
func (c *cluster) startComposed(ctx context.Context, p manifest.Program) (err error) {
	if c.front, err = c.network(ctx, "services"); err != nil {
		return err
	}
	free, err := fleet.FreePorts(1)
	if err != nil {
		return err
	}
	s := &server{host: "nats", clients: c.front, routes: c.front, port: free[0]}
	c.servers = []*server{s}
	request := given(p)
	request.Image, request.ExposedPorts = docker.tags[natsServer], []string{"4222/tcp"}
	request.WaitingFor = wait.ForListeningPort("4222/tcp").SkipInternalCheck().WithStartupTimeout(startTimeout)
	request.Networks, request.NetworkAliases = []string{c.front.Name}, map[string][]string{c.front.Name: {s.host}}
	before := request.HostConfigModifier
	request.HostConfigModifier = func(h *container.HostConfig) {
		before(h)
		h.PortBindings = s.bindings()
	}
	s.node, err = docker.start(ctx, s.host, request)
	return err
}
