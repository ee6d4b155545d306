package bootstrap_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/worker/bootstrap"
)

// A worker says at its start what its settings make of it, and no secret.
func TestStartSaysWhatIsOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, test := range map[string]struct {
		change func(*bootstrap.Config)
		want   map[string]string
	}{
		"bare": {
			func(c *bootstrap.Config) { c.EgressAllow = nil },
			map[string]string{"egress": "public addresses", "signing": "off", "events": "off"},
		},
		"everything": {
			func(c *bootstrap.Config) {
				c.EgressAllow = []string{"10.0.0.0/8", "::1"}
				c.WebhookSecrets, c.EventsToken = []string{secret}, eventsToken
			},
			map[string]string{"egress": "public addresses and 10.0.0.0/8,::1", "signing": "on", "events": "on"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log safeBuffer
			b.start(t, func(c *bootstrap.Config) {
				test.change(c)
				c.Log = logging.New("release", &log)
			})
			eventually(t, "the worker says that it has started", func() bool { return strings.Contains(log.String(), "worker started") })
			got := map[string]string{}
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, "worker started") {
					if err := json.Unmarshal([]byte(line), &got); err != nil {
						t.Fatal(err)
					}
				}
			}
			delete(got, "time")
			test.want["msg"], test.want["level"], test.want["namespace"] = "worker started", "info", "beta"
			if !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if strings.Contains(log.String(), secret) || strings.Contains(log.String(), eventsToken) {
				t.Error("the log holds a secret")
			}
		})
	}
}
