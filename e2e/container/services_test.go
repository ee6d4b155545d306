//go:build e2e

package container_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// Ports of the services' health.
const (
	schedulerPort = "8080"
	workerPort    = "8081"
)

// grace is what deploy/ leaves a service to end by itself.
const grace = 30 * time.Second

func readiness(port string) wait.Strategy {
	return wait.ForHTTP("/readyz").WithPort(port + "/tcp").WithStartupTimeout(startTimeout).WithPollInterval(50 * time.Millisecond)
}

// startScheduler starts a scheduler and waits until it is ready.
func (s *site) startScheduler(namespace string) *node {
	s.t.Helper()
	return s.run(scheduler, s.scheduler(namespace, s.secret(namespace+".schedule"), readiness(schedulerPort)))
}

// startWorker starts a worker and waits until it is ready.
func (s *site) startWorker(namespace string) *node {
	s.t.Helper()
	return s.run(worker, s.worker(namespace, s.secret(namespace+".worker"), readiness(workerPort)))
}

// scheduler is one that reads the documents' config.yml.
func (s *site) scheduler(namespace, seed string, ready wait.Strategy) testcontainers.ContainerRequest {
	hosts := strings.ReplaceAll(s.urls(), ",", "\n    - ")
	config := fmt.Sprintf("namespace: %s\ndebug: false\nnats:\n  nkey: %q\n  hosts:\n    - %s\n", namespace, seed, hosts)
	return s.trusting(testcontainers.ContainerRequest{
		Image:        docker.tags[scheduler],
		ExposedPorts: []string{schedulerPort + "/tcp"},
		Env:          map[string]string{},
		Files:        []testcontainers.ContainerFile{file("/app/config/config.yml", config)},
		WaitingFor:   ready,
	})
}

// worker is one with the documents' environment.
func (s *site) worker(namespace, seed string, ready wait.Strategy) testcontainers.ContainerRequest {
	return s.trusting(testcontainers.ContainerRequest{
		Image:        docker.tags[worker],
		ExposedPorts: []string{workerPort + "/tcp"},
		Env: map[string]string{
			"MODE": "release", "NAMESPACE": namespace, "NATS_HOSTS": s.urls(), "NATS_NKEY": seed,
			"EGRESS_ALLOW": s.front.gateway, // where the receivers are
		},
		WaitingFor: ready,
	})
}

// trusting has a service trust the servers' authority.
func (s *site) trusting(request testcontainers.ContainerRequest) testcontainers.ContainerRequest {
	if authority := s.authority(); authority != "" {
		request.Env["NATS_CA"] = "/tls/ca.pem"
		request.HostConfigModifier = func(h *container.HostConfig) {
			h.Mounts = append(h.Mounts, bound(authority, "/tls/ca.pem"))
		}
	}
	return request
}

// secret is the seed of a user.
func (s *site) secret(user string) string {
	s.t.Helper()
	seed, err := s.seed(user)
	if os.IsNotExist(err) {
		s.t.Fatalf("%s: its namespace is in no layout of clusters", user)
	}
	s.must(err)
	return seed
}
