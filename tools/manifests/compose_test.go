package manifests_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// project reads compose.yml as docker compose does, with the seeds' files that
// natsconf would have written beside it.
func project(t *testing.T, environment ...string) *types.Project {
	t.Helper()
	source, err := filepath.Abs("../../deploy/compose/compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "deploy", "compose")
	if err := os.MkdirAll(filepath.Join(folder, "nats", "seeds"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"compose.yml": string(data), "nats/seeds/beta.schedule.env": "NATS_NKEY=SUSCHEDULE\n", "nats/seeds/beta.worker.env": "NATS_NKEY=SUWORKER\n",
		"nats/seeds/gamma.schedule.env": "NATS_NKEY=SUGAMMA\n", "nats/seeds/gamma.worker.env": "NATS_NKEY=SUGAMMA\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(folder, "compose.yml")}, cli.WithEnv(environment), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestComposePrograms(t *testing.T) {
	t.Parallel()
	p := project(t)
	for name, seed := range map[string]string{"schedule": "SUSCHEDULE", "worker": "SUWORKER"} {
		s, err := p.GetService(name)
		if err != nil {
			t.Fatal(err)
		}
		if s.Deploy == nil || s.Deploy.Replicas == nil || *s.Deploy.Replicas != 2 {
			t.Errorf("%s: want two", name)
		}
		if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: has privileges", name)
		}
		if got := value(s.Environment, "NATS_NKEY"); got != seed {
			t.Errorf("%s: NATS_NKEY is %q, want what natsconf wrote", name, got)
		}
		if s.Image != "weplanx/"+name+":latest" {
			t.Errorf("%s: image %s", name, s.Image)
		}
		root := strings.TrimSuffix(p.WorkingDir, "/deploy/compose")
		if s.Build == nil || s.Build.Context != root+"/.bin" {
			t.Fatalf("%s: built from %+v, want what make build made", name, s.Build)
		}
		dockerfile := s.Build.Dockerfile
		if !filepath.IsAbs(dockerfile) {
			dockerfile = filepath.Join(s.Build.Context, dockerfile)
		}
		if _, err := os.Stat(strings.Replace(dockerfile, root, "../..", 1)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func value(e types.MappingWithEquals, name string) string {
	if v := e[name]; v != nil {
		return *v
	}
	return ""
}

// The server gets what it needs of natsconf's files, and no seed.
func TestComposeServerHasNoSeeds(t *testing.T) {
	t.Parallel()
	s, err := project(t).GetService("nats")
	if err != nil {
		t.Fatal(err)
	}
	var mounted []string
	for _, v := range s.Volumes {
		if v.Type == types.VolumeTypeBind {
			mounted = append(mounted, v.Target)
			if !v.ReadOnly || strings.HasSuffix(v.Source, "/nats") || strings.Contains(v.Source, "seeds") {
				t.Errorf("mounts %s, read-only %v", v.Source, v.ReadOnly)
			}
		}
	}
	if want := []string{"/etc/nats/nats.conf", "/etc/nats/accounts.conf", "/etc/nats/accounts"}; !slices.Equal(mounted, want) {
		t.Errorf("mounts %q, want %q", mounted, want)
	}
	for _, port := range s.Ports {
		if port.HostIP != "127.0.0.1" {
			t.Errorf("port %s is open on %q, want this machine only", port.Published, port.HostIP)
		}
	}
}

func TestComposeVariables(t *testing.T) {
	t.Parallel()
	p := project(t, "NAMESPACE=gamma", "VERSION=v1.2.3", "EGRESS_ALLOW=10.0.0.0/8")
	s, err := p.GetService("worker")
	if err != nil {
		t.Fatal(err)
	}
	got := []string{s.Image, value(s.Environment, "NAMESPACE"), value(s.Environment, "NATS_NKEY"), value(s.Environment, "EGRESS_ALLOW")}
	if want := []string{"weplanx/worker:v1.2.3", "gamma", "SUGAMMA", "10.0.0.0/8"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
