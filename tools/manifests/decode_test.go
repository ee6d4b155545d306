package manifests_test

import (
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// object is anything that Kubernetes keeps.
type object interface {
	meta.Object
	meta.ObjectMetaAccessor
}

type objects []object

// kinds are those that we use; another one is an error.
var kinds = map[string]func() object{
	"v1/ConfigMap":                            func() object { return new(core.ConfigMap) },
	"v1/Namespace":                            func() object { return new(core.Namespace) },
	"v1/Secret":                               func() object { return new(core.Secret) },
	"v1/Service":                              func() object { return new(core.Service) },
	"apps/v1/Deployment":                      func() object { return new(apps.Deployment) },
	"policy/v1/PodDisruptionBudget":           func() object { return new(policy.PodDisruptionBudget) },
	"autoscaling/v2/HorizontalPodAutoscaler":  func() object { return new(autoscaling.HorizontalPodAutoscaler) },
	"networking.k8s.io/v1/NetworkPolicy":      func() object { return new(networking.NetworkPolicy) },
	"monitoring.coreos.com/v1/ServiceMonitor": func() object { return new(monitoring.ServiceMonitor) },
	"monitoring.coreos.com/v1/PrometheusRule": func() object { return new(monitoring.PrometheusRule) },
	"keda.sh/v1alpha1/ScaledObject":           func() object { return new(scaledObject) },
}

// decode refuses fields that the type does not have, and fields that are there
// twice.
func decode(t *testing.T, text []byte) object {
	t.Helper()
	var head meta.TypeMeta
	if err := yaml.Unmarshal(text, &head); err != nil {
		t.Fatal(err)
	}
	create, ok := kinds[head.APIVersion+"/"+head.Kind]
	if !ok {
		t.Fatalf("nobody knows a %s of %s:\n%s", head.Kind, head.APIVersion, text)
	}
	o := create()
	if err := yaml.UnmarshalStrict(text, o); err != nil {
		t.Fatalf("%s: %v\n%s", head.Kind, err, text)
	}
	return o
}

func split(text string) (documents []string) {
	for document := range strings.SplitSeq("\n"+text, "\n---\n") {
		if strings.TrimSpace(document) != "" {
			documents = append(documents, document)
		}
	}
	return documents
}

// all are the objects of one type.
func all[T object](objects objects) (found []T) {
	for _, o := range objects {
		if typed, ok := o.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// named is the one object of a type with a name.
func named[T object](t *testing.T, objects objects, name string) T {
	t.Helper()
	for _, o := range all[T](objects) {
		if o.GetName() == name {
			return o
		}
	}
	t.Fatalf("there is no %T %s", *new(T), name)
	return *new(T)
}

func TestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"misspelt": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selektor: {}}\n",
		"twice":    "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {}\nspec: {}\n",
	} {
		if err := yaml.UnmarshalStrict([]byte(text), new(core.Service)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
