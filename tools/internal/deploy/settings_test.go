package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"
	"go.yaml.in/yaml/v3"

	schedule "github.com/weplanx/workflow/schedule/bootstrap"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

const deploy = "../../../deploy/"

// manifests are those with a Deployment.
var manifests = map[string][]string{
	"the documents'": {"kubernetes/documents/schedule.cfg.yml", "kubernetes/documents/schedule.yml", "kubernetes/documents/worker.yml"},
	"the base":       {"kubernetes/base/schedule.yml", "kubernetes/base/worker.yml"},
	"production":     {"kubernetes/overlays/production/schedule.yml", "kubernetes/overlays/production/worker.yml"},
}

// variable is one of a container.
type variable struct{ Name, Value string }

// manifest is what matters here of ConfigMaps and Deployments.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		Template struct {
			Spec struct {
				Containers []struct {
					Name string
					Env  []variable
				}
			}
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(deploy, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t *testing.T, files []string) (all []manifest) {
	t.Helper()
	for _, name := range files {
		for d := yaml.NewDecoder(bytes.NewReader(read(t, name))); ; {
			var m manifest
			if err := d.Decode(&m); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all = append(all, m)
		}
	}
	return all
}

// environment are the variables of a program's container.
func environment(t *testing.T, files []string, program string) (variables []variable) {
	t.Helper()
	for _, m := range decode(t, files) {
		for _, c := range m.Spec.Template.Spec.Containers {
			if c.Name == program {
				variables = append(variables, c.Env...)
			}
		}
	}
	return variables
}

// filled replaces what the documents leave to the reader.
func filled(t *testing.T, text string) string {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(
		"<namespace>", "beta", "<nkey>", string(seed),
		"<*** your namespace ***>", "beta", "<*** your nats hosts ***>", "nats://a.nats:4222,nats://b.nats:4222", "<*** your nats nkey***>", string(seed),
	).Replace(text)
}

// A scheduler takes every file that is made a ConfigMap.
func TestSchedulersTakeTheFile(t *testing.T) {
	files := map[string]string{
		"the base":   string(read(t, "kubernetes/base/config.yml")),
		"production": string(read(t, "kubernetes/overlays/production/config.yml")),
	}
	for name, set := range manifests {
		for _, m := range decode(t, set) {
			if m.Kind == "ConfigMap" {
				files[name] = m.Data["config.yml"]
			}
		}
	}
	if len(files) != 3 {
		t.Fatalf("%d files, want 3", len(files))
	}
	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.yml")
			if err := os.WriteFile(path, []byte(filled(t, text)), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("CONFIG", path)
			if name != "the documents'" {
				t.Setenv("NATS_NKEY", filled(t, "<nkey>")) // from a Secret
			}
			c, err := schedule.LoadConfig()
			if err != nil {
				t.Fatal(err)
			}
			if c.Namespace != "beta" || c.Mode != "release" || len(c.NATS.Hosts) != 3 {
				t.Errorf("got namespace %q, mode %q, hosts %q", c.Namespace, c.Mode, c.NATS.Hosts)
			}
		})
	}
}

// A worker takes the environment of every Deployment.
func TestWorkersTakeTheEnvironment(t *testing.T) {
	for name, set := range manifests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("MODE", "release") // the overlay is merged with the base
			t.Setenv("NATS_NKEY", filled(t, "<nkey>"))
			for _, v := range environment(t, set, "worker") {
				if v.Value != "" {
					t.Setenv(v.Name, filled(t, v.Value))
				}
			}
			c, err := worker.LoadConfig()
			if err != nil {
				t.Fatal(err)
			}
			if c.Namespace != "beta" || c.Mode != "release" || len(c.NATS.Hosts) < 2 {
				t.Errorf("got namespace %q, mode %q, hosts %q", c.Namespace, c.Mode, c.NATS.Hosts)
			}
		})
	}
}

// A misspelt variable sets nothing and is no error, so it would not be noticed.
func TestVariablesAreSettings(t *testing.T) {
	t.Parallel()
	for program, known := range programs {
		for name, set := range manifests {
			for _, v := range environment(t, set, program) {
				if !known[v.Name] {
					t.Errorf("%s set %s, which is no setting of %s", name, v.Name, program)
				}
			}
		}
		var compose struct {
			Services map[string]struct{ Environment map[string]string }
		}
		if err := yaml.Unmarshal(read(t, "compose/compose.yml"), &compose); err != nil {
			t.Fatal(err)
		}
		if len(compose.Services[program].Environment) == 0 {
			t.Errorf("compose sets nothing of %s", program)
		}
		for v := range compose.Services[program].Environment {
			if !known[v] {
				t.Errorf("compose sets %s, which is no setting of %s", v, program)
			}
		}
	}
}

// programs are the variables by which each can be set.
var programs = map[string]map[string]bool{
	"schedule": variables(reflect.TypeFor[schedule.Config](), "CONFIG", "GOMEMLIMIT"),
	"worker":   variables(reflect.TypeFor[worker.Config](), "GOMEMLIMIT"),
}

func variables(t reflect.Type, more ...string) map[string]bool {
	known := map[string]bool{}
	for _, name := range more {
		known[name] = true
	}
	for field := range t.Fields() {
		if name := field.Tag.Get("envconfig"); name != "" {
			known[name] = true
		} else if field.Type.Kind() == reflect.Struct {
			for name := range variables(field.Type) {
				known[name] = true
			}
		}
	}
	return known
}

func TestVariablesAreFound(t *testing.T) {
	t.Parallel()
	for program, some := range map[string][]string{
		"schedule": {"MODE", "NATS_NKEY", "NATS_INBOX", "COMMIT_AHEAD", "OTEL_EXPORTER_OTLP_ENDPOINT"},
		"worker":   {"NAMESPACE", "NATS_HOSTS", "EGRESS_ALLOW", "OTEL_EXPORTER_OTLP_ENDPOINT"},
	} {
		for _, name := range some {
			if !programs[program][name] {
				t.Errorf("%s: %s is not found, so the check looks at the wrong list", program, name)
			}
		}
	}
}
