//go:build unix

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	namespace = "chaos"
	workers   = 3

	names = contract.Names(namespace)
)

// site is the processes: NATS servers, a scheduler and workers.
type site struct {
	folder    string
	cluster   *fleet.Cluster
	scheduler *fleet.Service
	workers   []*worker
	harmed    fleet.HarmLog
}

// worker is a worker to which one thing is done at a time.
type worker struct {
	*fleet.Service

	harming sync.Mutex
}

// newSite builds the programs and prepares the processes without starting them.
func newSite(ctx context.Context, folder string, servers int) (s *site, err error) {
	s = &site{folder: folder}
	s.cluster, err = fleet.NewCluster(ctx, folder, servers, &s.harmed, names.TriggerStream(), names.BucketStream(),
		names.ResultStream(), names.RunStream(), names.DeadStream())
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "schedule")
	if err := fleet.Build(ctx, path, "github.com/weplanx/workflow/schedule/cmd/schedule"); err != nil {
		return nil, err
	}
	if s.scheduler, err = fleet.NewService(s.cluster, "schedule", path, folder, namespace); err != nil {
		return nil, err
	}
	for i := range workers {
		if err := s.addWorker(ctx, fmt.Sprintf("worker-%d", i)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// addWorker builds a program for each worker, because its version is what
// targets see: it tells which worker has called.
func (s *site) addWorker(ctx context.Context, name string) error {
	path := filepath.Join(s.folder, name)
	err := fleet.Build(ctx, path, "github.com/weplanx/workflow/worker/cmd/worker", "-ldflags", "-X main.version="+name)
	if err != nil {
		return err
	}
	w, err := fleet.NewService(s.cluster, name, path, s.folder, namespace, "EGRESS_ALLOW=127.0.0.0/8")
	if err != nil {
		return err
	}
	w.Env = append(w.Env, "WORKER_URL="+w.URL())
	s.workers = append(s.workers, &worker{Service: w})
	return nil
}

func (s *site) services() []*fleet.Service {
	services := []*fleet.Service{s.scheduler}
	for _, w := range s.workers {
		services = append(services, w.Service)
	}
	return services
}

// start starts everything and waits until it is ready.
func (s *site) start(ctx context.Context) error {
	if err := s.cluster.Start(ctx); err != nil {
		return err
	}
	for _, p := range s.services() {
		if err := p.Start(); err != nil {
			return err
		}
	}
	return s.ready(ctx)
}

// ready waits until the services say that they are.
func (s *site) ready(ctx context.Context) error {
	for _, p := range s.services() {
		if err := p.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// alive is an error when a service has ended by itself.
func (s *site) alive() error {
	for _, p := range s.services() {
		if !p.Running() {
			return fmt.Errorf("%s has ended by itself: see its log", p.Name)
		}
	}
	return nil
}

// close ends every process.
func (s *site) close() {
	for _, w := range s.workers {
		w.Kill()
	}
	if s.scheduler != nil {
		s.scheduler.Kill()
	}
	s.cluster.Kill()
}
