//go:build unix

package fleet

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Service is a scheduler or a worker.
type Service struct {
	Process

	addr string // of its health
}

// NewService prepares a service of namespace on the cluster. Its log is in
// folder. env is on top of what every service is told.
func NewService(c *Cluster, name, path, folder, namespace string, env ...string) (*Service, error) {
	ports, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	s := &Service{Process: Process{Name: name, Path: path, Log: filepath.Join(folder, name+".log")}, addr: Loopback(ports[0])}
	s.Env = append(Inherited(), "MODE=debug", "NAMESPACE="+namespace, "HTTP_ADDR="+s.addr,
		"NATS_HOSTS="+strings.Join(c.URLs(), ","), "NATS_REPLICAS="+strconv.Itoa(len(c.Servers)))
	s.Env = append(s.Env, env...)
	return s, nil
}

// URL is where the service serves HTTP.
func (s *Service) URL() string { return "http://" + s.addr }

// Ready waits until the service says that it is ready.
func (s *Service) Ready(ctx context.Context) error {
	return Await(ctx, time.Minute, s.Name+" to be ready", func() error {
		if !s.Running() {
			return fmt.Errorf("%s has ended: see its log", s.Name)
		}
		return Get(ctx, s.URL()+"/readyz")
	})
}
