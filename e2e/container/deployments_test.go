//go:build e2e

package container_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/manifest"
)

// deployment is a folder below deploy/kubernetes that can be applied.
type deployment struct {
	folder    string
	on        func() (*cluster, error)
	namespace string
	// edit does to a copy of deploy/kubernetes what its comments tell people to do.
	edit func(s *site, folder string)
	// replicas is what people scale to; 0: as the manifests say.
	replicas int
}

// The manifests of deploy/kubernetes as kubectl would apply them: everything that a
// container is given, environment, files, users, privileges, limits and probes, is
// read from them.
func TestDeployments(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]deployment{
		"documents":  {"documents", plainCluster, "docs", fillIn, 2},
		"single":     {"overlays/single", plainCluster, "beta", addSeeds("overlays/single"), 0},
		"production": {"overlays/production", mainCluster, "beta", trust, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := on(t, d.on)
			l := s.deploy(d.namespace, s.programs(d))
			l.Store(schedules, l.target)
			l.Await(10, patience)
			l.Finish(ledger.Rules{Published: true})
		})
	}
}

// programs are what a deployment consists of.
func (s *site) programs(d deployment) map[string]manifest.Program {
	s.t.Helper()
	folder := filepath.Join(s.t.TempDir(), "kubernetes")
	s.must(os.CopyFS(folder, os.DirFS(root+"/deploy/kubernetes")))
	d.edit(s, folder)
	rendered, err := manifest.Render(root, filepath.Join(folder, d.folder))
	s.must(err)
	programs, err := manifest.Kubernetes(rendered, s.t.TempDir())
	s.must(err)
	for name, p := range programs {
		if d.replicas > 0 {
			p.Replicas = d.replicas
			programs[name] = p
		}
	}
	return programs
}

// fillIn replaces what the documents leave open.
func fillIn(s *site, folder string) {
	s.t.Helper()
	config, env := filepath.Join(folder, "documents/schedule.cfg.yml"), filepath.Join(folder, "documents/worker.yml")
	s.replace(config, "<namespace>", "docs")
	s.replace(config, "<nkey>", s.secret("docs.schedule"))
	s.replace(env, "<*** your namespace ***>", "docs")
	s.replace(env, "<*** your nats hosts ***>", s.urls())
	s.replace(env, "<*** your nats nkey***>", s.secret("docs.worker"))
}

// addSeeds puts the seeds beside an overlay.
func addSeeds(overlay string) func(*site, string) {
	return func(s *site, folder string) {
		s.t.Helper()
		for _, role := range []string{"schedule", "worker"} {
			seed := s.secret("beta." + role)
			s.must(os.WriteFile(filepath.Join(folder, overlay, role+".nk"), []byte(seed+"\n"), 0o600))
		}
	}
}

// trust adds the seeds to the overlay for production, and the servers' authority.
func trust(s *site, folder string) {
	s.t.Helper()
	addSeeds("overlays/production")(s, folder)
	s.replace(filepath.Join(folder, "overlays/production/kustomization.yml"), "# - ../../components/tls", "- ../../components/tls")
	authority, err := os.ReadFile(s.authority())
	s.must(err)
	s.must(os.WriteFile(filepath.Join(folder, "components/tls/ca.pem"), authority, 0o600))
}

// replace replaces what has to be in a file.
func (s *site) replace(name, old, by string) {
	s.t.Helper()
	data, err := os.ReadFile(name)
	s.must(err)
	if !strings.Contains(string(data), old) {
		s.t.Fatalf("%s has no %q", name, old)
	}
	s.must(os.WriteFile(name, []byte(strings.ReplaceAll(string(data), old, by)), 0o600))
}
