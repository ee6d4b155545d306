package manifests_test

import (
	"net/url"
	"slices"
	"testing"

	apps "k8s.io/api/apps/v1"
	networking "k8s.io/api/networking/v1"
)

// collector is where a program's traces go. Empty: nowhere.
func collector(d *apps.Deployment) string {
	for _, v := range d.Spec.Template.Spec.Containers[0].Env {
		if v.Name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
			return v.Value
		}
	}
	return ""
}

// Both programs send traces to the same collector or to none, and may reach it.
func TestTracesReachTheirCollector(t *testing.T) {
	t.Parallel()
	for name, wanted := range map[string]bool{"overlays/production": false, "overlays/production with tracing": true} {
		o := built(t, name)
		both := deployments(t, o)
		if a, b := collector(both[0]), collector(both[1]); a != b || (a != "") != wanted {
			t.Errorf("%s: traces go to %q and %q", name, a, b)
		}
		if !wanted {
			continue
		}
		for _, d := range both {
			u, err := url.Parse(collector(d))
			if err != nil {
				t.Fatal(err)
			}
			policy := named[*networking.NetworkPolicy](t, o, d.Name)
			if !slices.ContainsFunc(policy.Spec.Egress, func(r networking.NetworkPolicyEgressRule) bool {
				return len(r.To) == 0 && slices.ContainsFunc(r.Ports, func(p networking.NetworkPolicyPort) bool { return p.Port.String() == u.Port() })
			}) {
				t.Errorf("%s may not reach port %s", d.Name, u.Port())
			}
		}
	}
}
