package imports_test

import "testing"

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, pattern, path string
		want                bool
	}{
		{"same", "shared/spec", "shared/spec", true},
		{"below without dots", "shared/spec", "shared/spec/spectest", false},
		{"itself with dots", "shared/spec/...", "shared/spec", true},
		{"below with dots", "shared/spec/...", "shared/spec/a/b", true},
		{"longer name", "shared/spec/...", "shared/special", false},
		{"star is one element", "*/internal/core", "worker/internal/core", true},
		{"star is not two", "*/core", "worker/internal/core", false},
		{"star within", "*/internal/adapter/nats*", "schedule/internal/adapter/natskv", true},
		{"shorter", "shared/spec/...", "shared", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := matches(c.pattern, c.path); got != c.want {
				t.Errorf("matches(%q, %q) = %v", c.pattern, c.path, got)
			}
		})
	}
}

func TestRuleAllows(t *testing.T) {
	t.Parallel()
	adapter := rule{"*/internal/adapter/nats*", []string{"*/internal/core"}, []string{natsClient}}
	for _, c := range []struct {
		name, imported string
		want           bool
	}{
		{"standard library", "net/http", true},
		{"its driver", natsClient, true},
		{"a package of its driver", natsClient + "/jetstream", true},
		{"another driver", logrus, false},
		{"a module whose name begins alike", natsClient + "x", false},
		{"its own core", prefix + "schedule/internal/core", true},
		{"the other core", prefix + "worker/internal/core", false},
		{"another adapter", prefix + "schedule/internal/adapter/mem", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := adapter.allows("schedule/internal/adapter/natskv", c.imported); got != c.want {
				t.Errorf("allows(%q) = %v", c.imported, got)
			}
		})
	}
}
