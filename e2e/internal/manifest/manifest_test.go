package manifest_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/manifest"
)

const deployment = `{"kind":"Deployment","metadata":{"name":"schedule"},"spec":{"replicas":2,"template":{"spec":{
	"securityContext":{"runAsUser":1,"runAsGroup":2},"terminationGracePeriodSeconds":7,
	"containers":[{"image":"x/schedule:v1",
		"env":[{"name":"A","value":"b"},{"name":"SEED","valueFrom":{"secretKeyRef":{"name":"s","key":"nkey"}}}],
		"ports":[{"name":"http","containerPort":8080}],
		"readinessProbe":{"httpGet":{"path":"/readyz","port":"http"}},
		"resources":{"limits":{"memory":"256Mi"}},
		"securityContext":{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}},
		"volumeMounts":[{"name":"config","mountPath":"/app/config","readOnly":true}]}],
	"volumes":[{"name":"config","configMap":{"name":"cfg","items":[{"key":"config.yml","path":"c.yml"}]}}]}}}}`

const rest = `{"kind":"ConfigMap","metadata":{"name":"cfg"},"data":{"config.yml":"namespace: beta\n","other":"x"}},
	{"kind":"Secret","metadata":{"name":"s"},"data":{"nkey":"U1UK"}}`

func TestKubernetes(t *testing.T) {
	t.Parallel()
	files := t.TempDir()
	programs, err := manifest.Kubernetes([]byte("["+deployment+","+rest+"]"), files)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(files, "schedule", "config")
	want := manifest.Program{
		Name: "schedule", Image: "x/schedule:v1", Env: map[string]string{"A": "b", "SEED": "SU\n"},
		Mounts: []manifest.Mount{{Source: folder, Target: "/app/config", ReadOnly: true}}, User: "1:2",
		ReadOnly: true, Drop: []string{"ALL"}, NoNewPrivileges: true, Memory: 256 << 20, Replicas: 2,
		Grace: 7 * time.Second, Port: "8080", Ready: "/readyz",
	}
	if got := programs["schedule"]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if data, err := os.ReadFile(filepath.Join(folder, "c.yml")); err != nil || string(data) != "namespace: beta\n" {
		t.Errorf("mounted file: %q, %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "other")); err == nil {
		t.Error("what is no item is mounted, too")
	}
}

func TestAutoscalerDecides(t *testing.T) {
	t.Parallel()
	scaler := `{"kind":"HorizontalPodAutoscaler","spec":{"minReplicas":3,"scaleTargetRef":{"name":"schedule"}}}`
	programs, err := manifest.Kubernetes([]byte("["+deployment+","+rest+","+scaler+"]"), t.TempDir())
	if err != nil || programs["schedule"].Replicas != 3 {
		t.Errorf("%d replicas, %v; want 3", programs["schedule"].Replicas, err)
	}
}

func TestKubernetesRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, other, want string }{
		"no config map":  {`{"name":"cfg"}`, `{"name":"x"}`, `no ConfigMap "cfg"`},
		"no item":        {`"config.yml":`, `"d.yml":`, "has no config.yml"},
		"no secret":      {`{"name":"s"}`, `{"name":"x"}`, `no Secret "s"`},
		"no key of it":   {`{"nkey":`, `{"seed":`, "has no value nkey"},
		"not in base64":  {"U1UK", "?", "has no value nkey"},
		"strange memory": {"256Mi", "256M", "want a whole number of Mi or Gi"},
		"strange volume": {`"configMap"`, `"emptyDir"`, "want a config map"},
		"environment":    {`"env":`, `"envFrom":`, "no initContainers, envFrom"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "[" + strings.Replace(deployment+","+rest, c.old, c.other, 1) + "]"
			_, err := manifest.Kubernetes([]byte(text), t.TempDir())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestCompose(t *testing.T) {
	t.Parallel()
	programs, err := manifest.Compose([]byte(`{"services":{"nats":{"image":"nats:1","command":["--config","/c"],"environment":{"A":"b","C":null},
		"read_only":true,"cap_drop":["ALL"],"security_opt":["no-new-privileges:true"],"stop_grace_period":"1m0s",
		"deploy":{"replicas":2},"volumes":[{"type":"bind","source":"/x","target":"/c","read_only":true},{"type":"volume","source":"data","target":"/data"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := manifest.Program{
		Name: "nats", Image: "nats:1", Command: []string{"--config", "/c"}, Env: map[string]string{"A": "b"},
		Mounts:   []manifest.Mount{{Source: "/x", Target: "/c", ReadOnly: true}, {Target: "/data"}},
		ReadOnly: true, Drop: []string{"ALL"}, NoNewPrivileges: true, Replicas: 2, Grace: time.Minute,
	}
	if got := programs["nats"]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
