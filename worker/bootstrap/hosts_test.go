package bootstrap_test

import (
	"math"
	"strings"
	"testing"

	"github.com/weplanx/workflow/worker/bootstrap"
)

// checked is what Check says of a configuration that is right but for change.
func checked(change func(*bootstrap.Config)) error {
	c := bootstrap.Defaults()
	c.Namespace, c.NATS.Hosts = "beta", []string{"127.0.0.1:4222"}
	change(&c)
	return c.Check()
}

func TestCheckOfHostsAndTokens(t *testing.T) {
	t.Parallel()
	concurrency := func(n int) func(*bootstrap.Config) { return func(c *bootstrap.Config) { c.HostConcurrency = n } }
	rate := func(r float64) func(*bootstrap.Config) { return func(c *bootstrap.Config) { c.HostRate = r } }
	token := func(s string) func(*bootstrap.Config) { return func(c *bootstrap.Config) { c.EventsToken = s } }
	const secret = "secret-secret"
	for name, test := range map[string]struct {
		change     func(*bootstrap.Config)
		name, want string // empty: it is right
	}{
		"no concurrency":       {concurrency(0), "", ""},
		"least concurrency":    {concurrency(1), "", ""},
		"most concurrency":     {concurrency(100_000), "", ""},
		"negative concurrency": {concurrency(-1), "HOST_CONCURRENCY", "is -1, want a whole number from 1 to 100000"},
		"too much concurrency": {concurrency(100_001), "HOST_CONCURRENCY", "is 100001, want"},
		"no rate":              {rate(0), "", ""},
		"low rate":             {rate(0.001), "", ""},
		"high rate":            {rate(1e6), "", ""},
		"negative rate":        {rate(-2.5), "HOST_RATE", "is -2.5, want calls a second from 0.001 to 1000000, or 0 for no limit"},
		"tiny rate":            {rate(1e-9), "HOST_RATE", "is 1e-09, want"},
		"huge rate":            {rate(2e6), "HOST_RATE", "is 2e+06, want"},
		"infinite rate":        {rate(math.Inf(1)), "HOST_RATE", "is +Inf, want"},
		"rate of no number":    {rate(math.NaN()), "HOST_RATE", "is NaN, want"},
		"no token":             {token(""), "", ""},
		"token":                {token(secret + "123"), "", ""},
		"longest token":        {token(strings.Repeat("x", 512)), "", ""},
		"short token":          {token(secret), "EVENTS_TOKEN", "is too short, want 16 to 512"},
		"long token":           {token(strings.Repeat(secret, 40)), "EVENTS_TOKEN", "is too long"},
		"token with a space":   {token(secret + " " + secret), "EVENTS_TOKEN", "header"},
		"token with a break":   {token(secret + "\n" + secret), "EVENTS_TOKEN", "header"},
		"token beyond ASCII":   {token(secret + "é" + secret), "EVENTS_TOKEN", "header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checked(test.change)
			if test.name == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, test.name)
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestHostsAndTokensFromTheEnvironment(t *testing.T) {
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", "127.0.0.1:4222")
	t.Setenv("HOST_CONCURRENCY", "3")
	t.Setenv("HOST_RATE", "2.5")
	t.Setenv("EVENTS_TOKEN", "0123456789abcdef")
	c, err := bootstrap.LoadConfig()
	if err != nil || c.HostConcurrency != 3 || c.HostRate != 2.5 || c.EventsToken != "0123456789abcdef" {
		t.Errorf("got %+v, %v", c, err)
	}
	t.Setenv("HOST_RATE", "NaN")
	_, err = bootstrap.LoadConfig()
	wantError(t, err, "HOST_RATE")
	t.Setenv("HOST_RATE", "fast")
	_, err = bootstrap.LoadConfig()
	wantError(t, err, "HOST_RATE")
}
