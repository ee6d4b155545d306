package manifests_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"
)

// The documents' manifests are kept letter by letter: people copy them.
func TestDocumentsAreUnchanged(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"schedule.cfg.yml": "f3ecf5b7b391cb47008aa19a2e24a60ffacf3644221268a5bea31641e4f76185",
		"schedule.yml":     "bd69b2a715e33766c23ac175e49dcd9330cb8aa08d2b4d95b9c77469a7695821",
		"worker.yml":       "4f79020c038dc6fa3992b3b4c0d8f527e97aea84a5ed9ee7bddd577d518d2d28",
		"config/patch.yml": "88ca6a26645dae61e2942fb598b388eea1e6bae1b9148ab4ea6e68b6d2a311e2",
	} {
		data, err := os.ReadFile(filepath.Join(deploy, "documents", name))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not the documents' any more", name)
		}
	}
}

// Who began with the documents' manifests can go over to ours in place: names
// are the same, and so are selectors, which Kubernetes does not let be changed.
func TestBaseFollowsTheDocuments(t *testing.T) {
	t.Parallel()
	base := build(t, folders(t), "base")
	for _, name := range []string{"schedule", "worker"} {
		documented := named[*apps.Deployment](t, read(t, "documents/"+name+".yml"), name)
		ours := named[*apps.Deployment](t, base, name)
		if !equality.Semantic.DeepEqual(documented.Spec.Selector, ours.Spec.Selector) {
			t.Errorf("%s: selector %v, the documents have %v", name, ours.Spec.Selector, documented.Spec.Selector)
		}
		theirs, container := documented.Spec.Template.Spec, ours.Spec.Template.Spec.Containers[0]
		for _, v := range ours.Spec.Template.Spec.Volumes { // whose names end with a hash
			v.ConfigMap.Name, _, _ = strings.Cut(named[*core.ConfigMap](t, base, v.ConfigMap.Name).Name, "-")
		}
		if container.Name != theirs.Containers[0].Name {
			t.Errorf("%s: container %s, the documents have %s", name, container.Name, theirs.Containers[0].Name)
		}
		if !equality.Semantic.DeepEqual(container.VolumeMounts, theirs.Containers[0].VolumeMounts) ||
			!equality.Semantic.DeepEqual(ours.Spec.Template.Spec.Volumes, theirs.Volumes) {
			t.Errorf("%s: the configuration is mounted otherwise than in the documents", name)
		}
		for _, v := range theirs.Containers[0].Env {
			if !has(container.Env, v.Name) {
				t.Errorf("%s: %s of the documents is not set", name, v.Name)
			}
		}
	}
}

func has(env []core.EnvVar, name string) bool {
	for _, v := range env {
		if v.Name == name {
			return true
		}
	}
	return false
}

// The documents' rolling update: the command's sed, and what kubectl patch then
// does, change the image and nothing else, of their deployment and of ours.
func TestRollingUpdate(t *testing.T) {
	t.Parallel()
	const command = `sed "s/\${tag}/v1.2.3/" < ./config/patch.yml`
	sed := exec.CommandContext(t.Context(), "sh", "-c", command)
	sed.Dir = filepath.Join(deploy, "documents")
	patch, err := sed.Output()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSONStrict(patch)
	if err != nil {
		t.Fatal(err)
	}
	for name, before := range map[string]*apps.Deployment{
		"the documents'": named[*apps.Deployment](t, read(t, "documents/schedule.yml"), "schedule"),
		"ours":           named[*apps.Deployment](t, built(t, "overlays/production"), "schedule"),
	} {
		original, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		patched, err := strategicpatch.StrategicMergePatch(original, asJSON, apps.Deployment{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var after apps.Deployment
		if err := json.Unmarshal(patched, &after); err != nil {
			t.Fatal(err)
		}
		container := &after.Spec.Template.Spec.Containers[0]
		if want := "ccr.ccs.tencentyun.com/weplanx/schedule:v1.2.3"; container.Image != want {
			t.Errorf("%s: image %s, want %s", name, container.Image, want)
		}
		container.Image = before.Spec.Template.Spec.Containers[0].Image
		if !equality.Semantic.DeepEqual(&after, before) {
			t.Errorf("%s: more than the image has changed:\n%s", name, patched)
		}
	}
}
