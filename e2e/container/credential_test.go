//go:build e2e

package container_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nkeys"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// A credential that the server refuses ends the program within 15 s; the last
// line of its log names the setting and does not tell the secret.
func TestRefusedCredential(t *testing.T) {
	t.Parallel()
	s := on(t, mainCluster)
	stranger, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := stranger.Seed()
	if err != nil {
		t.Fatal(err)
	}
	seed := string(raw)
	exits := wait.ForExit().WithExitTimeout(startTimeout)
	for name, request := range map[string]testcontainers.ContainerRequest{
		"schedule": s.scheduler(app, seed, exits),
		"worker":   s.worker(app, seed, exits),
	} {
		// Containers come one after the other; what runs meanwhile is cheap.
		n := s.run(name, request)
		state, err := n.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if state.ExitCode != 1 {
			t.Errorf("%s ended with status %d, want 1", name, state.ExitCode)
		}
		lines := strings.Split(strings.TrimSpace(n.output()), "\n")
		if last := lines[len(lines)-1]; !strings.Contains(strings.ToLower(last), "nkey") {
			t.Errorf("%s: last line %q, want it to name the setting", name, last)
		}
		if strings.Contains(n.output(), seed) {
			t.Errorf("%s: the log tells the seed", name)
		}
	}
}
