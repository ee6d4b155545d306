package manifests_test

import (
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// builds are all that can be applied.
var builds = []string{
	"overlays/single", "overlays/production", "overlays/production with keda", "overlays/production with tls", "overlays/production with tracing",
}

// built makes one of builds, with the component that its overlay offers.
func built(t *testing.T, name string) objects {
	t.Helper()
	files := folders(t)
	folder, component, optional := strings.Cut(name, " with ")
	if optional {
		choose(t, files, folder, component)
	}
	return build(t, files, folder)
}

// choose takes a component that an overlay offers.
func choose(t *testing.T, files filesys.FileSystem, overlay, component string) {
	t.Helper()
	path := "/k/" + overlay + "/kustomization.yml"
	text, err := files.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	off := "# - ../../components/" + component + " "
	if !strings.Contains(string(text), off) {
		t.Fatalf("%s offers no %s", path, component)
	}
	if err := files.WriteFile(path, []byte(strings.Replace(string(text), off, strings.TrimPrefix(off, "# "), 1))); err != nil {
		t.Fatal(err)
	}
}

// deployments are the two that there must be.
func deployments(t *testing.T, o objects) []*apps.Deployment {
	t.Helper()
	return []*apps.Deployment{named[*apps.Deployment](t, o, "schedule"), named[*apps.Deployment](t, o, "worker")}
}

// Pods need no privilege at all, and say what they need of the machine.
func TestPodsAreRestricted(t *testing.T) {
	t.Parallel()
	for _, name := range builds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, d := range deployments(t, built(t, name)) {
				pod := d.Spec.Template.Spec
				if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile == nil ||
					s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault || s.RunAsUser == nil || *s.RunAsUser == 0 {
					t.Errorf("%s: the pod may run as root or make any system call: %+v", d.Name, s)
				}
				if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
					t.Errorf("%s: gets a token of the Kubernetes API", d.Name)
				}
				for i := range pod.Containers {
					checkContainer(t, d.Name, &pod.Containers[i])
				}
			}
		})
	}
}

func checkContainer(t *testing.T, name string, c *core.Container) {
	t.Helper()
	s := c.SecurityContext
	if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem ||
		s.Capabilities == nil || !slices.Contains(s.Capabilities.Drop, "ALL") || len(s.Capabilities.Add) > 0 {
		t.Errorf("%s: the container has privileges: %+v", name, s)
	}
	if c.LivenessProbe == nil || c.LivenessProbe.HTTPGet.Path != "/healthz" || c.ReadinessProbe == nil || c.ReadinessProbe.HTTPGet.Path != "/readyz" {
		t.Errorf("%s: want /healthz for liveness and /readyz for readiness", name)
	}
	if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
		t.Errorf("%s: want requests for CPU and memory and a limit of memory", name)
	}
	port := map[string]int32{"schedule": 8080, "worker": 8081}[name]
	if len(c.Ports) != 1 || c.Ports[0].Name != "http" || c.Ports[0].ContainerPort != port {
		t.Errorf("%s: ports %+v, want http on %d", name, c.Ports, port)
	}
	for _, v := range c.Env {
		if v.Name == "NATS_NKEY" && v.ValueFrom == nil {
			t.Errorf("%s: the seed is in the manifest", name)
		}
	}
}

// What chooses pods chooses those of one program, and only those.
func TestSelectorsFit(t *testing.T) {
	t.Parallel()
	for _, name := range builds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := built(t, name)
			for _, d := range deployments(t, o) {
				pods := labels.Set(d.Spec.Template.Labels)
				if !chooses(t, d.Spec.Selector, pods) {
					t.Errorf("%s does not choose its own pods", d.Name)
				}
				if s := named[*core.Service](t, o, d.Name); !labels.SelectorFromSet(s.Spec.Selector).Matches(pods) {
					t.Errorf("the service %s does not choose the pods", d.Name)
				}
				if p := named[*policy.PodDisruptionBudget](t, o, d.Name); !chooses(t, p.Spec.Selector, pods) {
					t.Errorf("the disruption budget %s does not choose the pods", d.Name)
				}
				if p := named[*networking.NetworkPolicy](t, o, d.Name); !chooses(t, &p.Spec.PodSelector, pods) || len(p.Spec.PolicyTypes) != 2 {
					t.Errorf("the network policy %s does not cover the pods both ways", d.Name)
				}
			}
		})
	}
}

func chooses(t *testing.T, selector *meta.LabelSelector, pods labels.Set) bool {
	t.Helper()
	s, err := meta.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(pods) && !s.Matches(labels.Set{"app": "another"}) && !s.Matches(labels.Set{})
}

// Secrets and config maps that pods refer to are there under those names.
func TestReferencesAreThere(t *testing.T) {
	t.Parallel()
	for _, name := range builds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := built(t, name)
			for _, d := range deployments(t, o) {
				pod := d.Spec.Template.Spec
				for _, v := range pod.Containers[0].Env {
					if v.ValueFrom == nil {
						continue
					}
					ref := v.ValueFrom.SecretKeyRef
					if got := string(named[*core.Secret](t, o, ref.Name).Data[ref.Key]); got != seed {
						t.Errorf("%s: secret %s holds %q", d.Name, ref.Name, got)
					}
				}
				for _, v := range pod.Volumes {
					data := named[*core.ConfigMap](t, o, v.ConfigMap.Name).Data
					if !strings.Contains(data["config.yml"], "namespace: beta") && data["ca.pem"] != authority {
						t.Errorf("%s: config map %s holds %q", d.Name, v.ConfigMap.Name, data)
					}
				}
			}
		})
	}
}

// Programs read files at their start only: whoever changes one gets new pods by
// applying it.
func TestAChangedFileReplacesPods(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ overlay, file, program string }{
		{"overlays/single", "base/config.yml", "schedule"},
		{"overlays/single", "overlays/single/schedule.nk", "schedule"},
		{"overlays/single", "overlays/single/worker.nk", "worker"},
		{"overlays/production", "overlays/production/config.yml", "schedule"},
		{"overlays/production", "overlays/production/schedule.nk", "schedule"},
		{"overlays/production", "overlays/production/worker.nk", "worker"},
		{"overlays/production", "components/tls/ca.pem", "schedule"},
		{"overlays/production", "components/tls/ca.pem", "worker"},
	} {
		t.Run(test.file+" "+test.program, func(t *testing.T) {
			t.Parallel()
			files := folders(t)
			if test.overlay == "overlays/production" {
				choose(t, files, test.overlay, "tls")
			}
			before := named[*apps.Deployment](t, build(t, files, test.overlay), test.program)
			text, err := files.ReadFile("/k/" + test.file)
			if err != nil {
				t.Fatal(err)
			}
			if err := files.WriteFile("/k/"+test.file, append(text, '#', '\n')); err != nil {
				t.Fatal(err)
			}
			after := named[*apps.Deployment](t, build(t, files, test.overlay), test.program)
			if equality.Semantic.DeepEqual(before.Spec.Template, after.Spec.Template) {
				t.Error("pods stay as they are")
			}
		})
	}
}

// Both programs trust the authority that is mounted.
func TestAuthorityIsTrusted(t *testing.T) {
	t.Parallel()
	for _, d := range deployments(t, built(t, "overlays/production with tls")) {
		c := d.Spec.Template.Spec.Containers[0]
		path := c.Env[slices.IndexFunc(c.Env, func(v core.EnvVar) bool { return v.Name == "NATS_CA" })].Value
		if !slices.ContainsFunc(c.VolumeMounts, func(m core.VolumeMount) bool {
			return m.Name == "nats-ca" && m.ReadOnly && m.MountPath+"/ca.pem" == path
		}) {
			t.Errorf("%s: trusts %s, which is not mounted: %+v", d.Name, path, c.VolumeMounts)
		}
	}
}

func TestSchedulersSurviveTheLossOfAMachine(t *testing.T) {
	t.Parallel()
	o := built(t, "overlays/production")
	d := named[*apps.Deployment](t, o, "schedule")
	if d.Spec.Replicas == nil || *d.Spec.Replicas < 2 {
		t.Errorf("%v replicas, want at least 2", d.Spec.Replicas)
	}
	apart := d.Spec.Template.Spec.Affinity.PodAntiAffinity
	if len(apart.RequiredDuringSchedulingIgnoredDuringExecution) != 1 || len(apart.PreferredDuringSchedulingIgnoredDuringExecution) != 0 {
		t.Errorf("got %+v, want schedulers kept on machines of their own", apart)
	}
	if s := d.Spec.Strategy.RollingUpdate; s == nil || s.MaxUnavailable.IntValue() != 0 || s.MaxSurge.IntValue() != 1 {
		t.Errorf("got %+v, want a new one ready before an old one goes", s)
	}
}

func TestWorkersAreScaledByOneOnly(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]int{
		"overlays/single": {1, 0}, "overlays/production": {1, 0}, "overlays/production with keda": {0, 1},
	} {
		o := built(t, name)
		scalers, scaled := all[*autoscaling.HorizontalPodAutoscaler](o), all[*scaledObject](o)
		if len(scalers) != want[0] || len(scaled) != want[1] {
			t.Errorf("%s: %d autoscalers and %d scaled objects, want %v", name, len(scalers), len(scaled), want)
		}
		if named[*apps.Deployment](t, o, "worker").Spec.Replicas != nil {
			t.Errorf("%s: the manifest fights the autoscaler for the number of workers", name)
		}
	}
}

// The lag that KEDA asks for is that of the consumer which workers make, in
// the account which natsconf makes.
func TestScaledByTheWorkersConsumer(t *testing.T) {
	t.Parallel()
	s := all[*scaledObject](built(t, "overlays/production with keda"))[0]
	m := s.Spec.Triggers[0].Metadata
	if s.Spec.Triggers[0].Type != "nats-jetstream" || m.Account != "beta.engine" || m.Stream != "beta_triggers" || m.Consumer != "workers" {
		t.Errorf("got %+v", s.Spec.Triggers[0])
	}
	if s.Spec.ScaleTargetRef.Name != "worker" || s.Spec.MinReplicaCount == nil || *s.Spec.MinReplicaCount < 1 {
		t.Errorf("got %+v, want workers, at least one", s.Spec)
	}
}

func TestProductionIsWatchedAndPinned(t *testing.T) {
	t.Parallel()
	o := built(t, "overlays/production")
	monitors := all[*monitoring.ServiceMonitor](o)
	if len(monitors) != 1 {
		t.Fatalf("%d service monitors, want 1", len(monitors))
	}
	for _, service := range all[*core.Service](o) {
		if !chooses(t, &monitors[0].Spec.Selector, labels.Set(service.Labels)) || service.Spec.Ports[0].Name != monitors[0].Spec.Endpoints[0].Port {
			t.Errorf("the service %s is not watched", service.Name)
		}
		pod := named[*apps.Deployment](t, o, service.Name).Spec.Template.Spec.Containers[0]
		if service.Spec.Ports[0].TargetPort.String() != pod.Ports[0].Name {
			t.Errorf("the service %s leads to port %s of pods, which is not there", service.Name, &service.Spec.Ports[0].TargetPort)
		}
		rule := named[*networking.NetworkPolicy](t, o, service.Name).Spec.Ingress[0]
		if len(rule.From) != 0 || rule.Ports[0].Port.String() != pod.Ports[0].Name {
			t.Errorf("the network policy %s does not let Prometheus in", service.Name)
		}
	}
	for _, d := range deployments(t, o) {
		if image := d.Spec.Template.Spec.Containers[0].Image; strings.HasSuffix(image, ":latest") || !strings.Contains(image, ":") {
			t.Errorf("%s runs %s, want a version", d.Name, image)
		}
	}
}
