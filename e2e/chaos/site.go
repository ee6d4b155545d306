//go:build unix

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/weplanx/workflow/e2e/chaos/internal/proxy"
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
	proxies    []*proxy.Proxy // of the last scheduler, one for each server
	harmed     fleet.HarmLog
}

// newSite builds the programs and prepares the processes without starting them.
func newSite(ctx context.Context, folder string, servers int) (*site, error) {
	s := &site{folder: folder}
	if err := s.prepare(ctx, servers); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *site) prepare(ctx context.Context, servers int) (err error) {
	s.cluster, err = fleet.NewCluster(ctx, s.folder, servers, &s.harmed, names.TriggerStream(), names.BucketStream(), names.ResultStream())
	if err != nil {
		return err
	}
	path := filepath.Join(s.folder, "schedule")
	if err := fleet.Build(ctx, path, "github.com/weplanx/workflow/schedule/cmd/schedule"); err != nil {
		return err
	}
	for i := range schedulers {
		var env []string
		if i == schedulers-1 {
			if env, err = s.addProxies(); err != nil {
				return err
			}
		}
		service, err := fleet.NewService(s.cluster, fmt.Sprintf("schedule-%d", i), path, s.folder, namespace, env...)
		if err != nil {
			return err
		}
		s.schedulers = append(s.schedulers, service)
	}
	return nil
}

// addProxies puts a proxy in front of every server, which hold back what the
// bucket delivers. It returns the environment of a scheduler that goes through
// them; servers tell their clients of no others.
func (s *site) addProxies() (env []string, err error) {
	var urls []string
	for _, url := range s.cluster.URLs() {
		p, err := proxy.Start("127.0.0.1:0", strings.TrimPrefix(url, "nats://"), names.BucketSubject(""))
		if err != nil {
			return nil, err
		}
		s.proxies = append(s.proxies, p)
		urls = append(urls, "nats://"+p.Addr())
	}
	return []string{"NATS_HOSTS=" + strings.Join(urls, ",")}, nil
}

// close ends every process and proxy.
func (s *site) close() {
	for _, p := range s.schedulers {
		p.Kill()
	}
	if s.cluster != nil {
		s.cluster.Kill()
	}
	for _, p := range s.proxies {
		p.Close()
	}
}
