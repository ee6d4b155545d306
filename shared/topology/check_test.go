package topology

import (
	"strings"
	"testing"
)

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"2.14.4": true, "2.14.5": true, "2.15.0": true, "3.0.0": true, "v2.15.2": true, "2.15.0-RC.1": true,
		"2.14.3": false, "2.14.4-beta": true, "2.9.25": false, "1.99.99": false,
		"": true, "unknown": true, "2.15": true,
	}
	for version, want := range tests {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			err := checkVersion(version)
			if (err == nil) != want {
				t.Errorf("got %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), "NATS_HOSTS: ") {
				t.Errorf("got %q, want it to name NATS_HOSTS", err)
			}
		})
	}
}
