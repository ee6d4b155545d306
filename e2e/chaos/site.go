//go:build unix

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

const (
	namespace  = "chaos"
	schedulers = 3
)

// site is the processes: NATS servers and schedulers.
type site struct {
	folder     string
	cluster    *fleet.Cluster
	schedulers []*fleet.Service
	harmed     fleet.HarmLog
}

// newSite builds the programs and prepares the processes without starting them.
func newSite(ctx context.Context, folder string, servers int) (s *site, err error) {
	s = &site{folder: folder}
	s.cluster, err = fleet.NewCluster(ctx, folder, servers, &s.harmed, names.TriggerStream(), names.BucketStream(), names.ResultStream())
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "schedule")
	if err := fleet.Build(ctx, path, "github.com/weplanx/workflow/schedule/cmd/schedule"); err != nil {
		return nil, err
	}
	for i := range schedulers {
		service, err := fleet.NewService(s.cluster, fmt.Sprintf("schedule-%d", i), path, folder, namespace)
		if err != nil {
			return nil, err
		}
		s.schedulers = append(s.schedulers, service)
	}
	return s, nil
}

// close ends every process.
func (s *site) close() {
	for _, p := range s.schedulers {
		p.Kill()
	}
	s.cluster.Kill()
}
