//go:build e2e

package container_test

import (
	"path"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/weplanx/workflow/e2e/internal/manifest"
)

// ports of the services' health, by name.
var ports = map[string]string{scheduler: schedulerPort, worker: workerPort}

// deploy starts schedulers and then workers as manifests have them, and watches
// the namespace.
func (s *site) deploy(namespace string, programs map[string]manifest.Program) *load {
	s.t.Helper()
	l := &load{site: s, namespace: namespace}
	l.schedulers = s.replicas(programs[scheduler])
	l.workers = s.replicas(programs[worker])
	l.open()
	return l
}

func (s *site) replicas(p manifest.Program) (nodes []*node) {
	s.t.Helper()
	if p.Replicas < 1 {
		s.t.Fatalf("%s: %d replicas", p.Name, p.Replicas)
	}
	for range p.Replicas {
		nodes = append(nodes, s.run(p.Name, s.asManifest(p)))
	}
	return nodes
}

// asManifest is a service as a manifest has it. What is added is that workers may
// call this process, whose address is not public.
func (s *site) asManifest(p manifest.Program) testcontainers.ContainerRequest {
	s.t.Helper()
	image, _, _ := strings.Cut(path.Base(p.Image), ":")
	if image != p.Name || path.Base(path.Dir(p.Image)) != "weplanx" {
		s.t.Fatalf("%s runs %s", p.Name, p.Image)
	}
	if p.Name == worker {
		p.Env["EGRESS_ALLOW"] = s.front.gateway
	}
	port := p.Port
	ready := wait.Strategy(wait.ForHTTP(p.Ready).WithPort(port + "/tcp").WithStartupTimeout(startTimeout))
	if port == "" { // there is no probe
		port = ports[p.Name]
		ready = readiness(port)
	}
	request := given(p)
	request.Image, request.ExposedPorts, request.WaitingFor = docker.tags[image], []string{port + "/tcp"}, ready
	return request
}

// given is what a container has of a program, but for its image.
func given(p manifest.Program) testcontainers.ContainerRequest {
	return testcontainers.ContainerRequest{
		Cmd: p.Command, Env: p.Env, User: p.User,
		HostConfigModifier: func(h *container.HostConfig) {
			h.ReadonlyRootfs, h.CapDrop, h.Memory = p.ReadOnly, p.Drop, p.Memory
			if p.NoNewPrivileges {
				h.SecurityOpt = []string{"no-new-privileges"}
			}
			for _, m := range p.Mounts {
				made := mount.Mount{Type: mount.TypeBind, Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly}
				if m.Source == "" {
					made = volume(m.Target)
				}
				h.Mounts = append(h.Mounts, made)
			}
		},
	}
}
