package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/weplanx/workflow/schedule/internal/cli"
	"github.com/weplanx/workflow/shared/natstest"
)

// The command line connects by the variables of the services.
func TestEnvironment(t *testing.T) {
	public, seed := user(t)
	_, stranger := user(t)
	server := natstest.Start(t, natstest.WithNkeyUsers(public))
	t.Setenv("NATS_HOSTS", server.URL())
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_NKEY", seed)
	if got := run(t, "", "set", "a", "--spec", "@hourly", "--url", "http://a"); got.code != cli.ExitOK {
		t.Errorf("exit code %d, error %q", got.code, got.err)
	}
	if got := run(t, "", "list", "--namespace", "other"); got.code != cli.ExitNotFound {
		t.Errorf("the flag does not win: exit code %d, error %q", got.code, got.err)
	}
	for name, value := range map[string]string{"another user": stranger, "none": "", "garbage": "SUGARBAGE"} {
		t.Setenv("NATS_NKEY", value)
		began := time.Now()
		got := run(t, "", "list")
		if got.code == cli.ExitOK || !strings.HasPrefix(got.err, "schedulectl: NATS_NKEY: ") || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: exit code %d, error %q", name, got.code, got.err)
		}
		if value != "" && strings.Contains(got.err, value) {
			t.Errorf("%s: error %q tells the seed", name, got.err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: it took %s", name, took)
		}
	}
}

func user(t testing.TB) (public, seed string) {
	t.Helper()
	pair, err := nkeys.CreateUser()
	noError(t, err)
	public, err = pair.PublicKey()
	noError(t, err)
	secret, err := pair.Seed()
	noError(t, err)
	return public, string(secret)
}

func signer(t testing.TB, seed string) func([]byte) ([]byte, error) {
	t.Helper()
	pair, err := nkeys.FromSeed([]byte(seed))
	noError(t, err)
	return pair.Sign
}
