package manifests_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"
)

// The operator's alerts are those of the file: make generate copies them.
func TestOperatorHasTheSameRules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var want monitoring.PrometheusRuleSpec
	if err := yaml.UnmarshalStrict(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range builds {
		if !strings.HasPrefix(name, "overlays/production") {
			continue
		}
		copies := all[*monitoring.PrometheusRule](built(t, name))
		if len(copies) != 1 {
			t.Fatalf("%s: %d resources with rules, want 1", name, len(copies))
		}
		if !equality.Semantic.DeepEqual(copies[0].Spec, want) {
			t.Errorf("%s: its rules are not those of %s; run make generate", name, filepath.Base(rulesFile))
		}
	}
}

// What the rules and the dashboard count on, a scrape by the operator gives: our
// label namespace, and the services' names as those of the jobs.
func TestScrapesGiveTheLabelsThatRulesCountOn(t *testing.T) {
	t.Parallel()
	o := built(t, "overlays/production")
	m := all[*monitoring.ServiceMonitor](o)[0].Spec
	if len(m.Endpoints) != 1 || !m.Endpoints[0].HonorLabels || m.Endpoints[0].Path != "/metrics" || m.JobLabel != "" {
		t.Errorf("got %+v", m)
	}
	if interval := m.Endpoints[0].Interval; interval != monitoring.Duration(scrape.String()) {
		t.Errorf("interval %s, the rules are tested with %s", interval, scrape)
	}
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	jobs := regexp.MustCompile(`up{job=~"(.*)"}`).FindStringSubmatch(string(text))
	for _, service := range all[*core.Service](o) {
		if jobs == nil || !regexp.MustCompile("^("+jobs[1]+")$").MatchString(service.Name) {
			t.Errorf("nobody notices when the job %s cannot be scraped", service.Name)
		}
	}
}
