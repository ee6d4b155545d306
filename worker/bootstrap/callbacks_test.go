package bootstrap_test

import (
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/worker/bootstrap"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func valid() bootstrap.Config {
	c := bootstrap.Defaults()
	c.Namespace, c.NATS.Hosts = "beta", []string{"127.0.0.1:4222"}
	return c
}

func TestCallbackSettings(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bootstrap.Config){
		"none":              func(*bootstrap.Config) {},
		"networks":          func(c *bootstrap.Config) { c.EgressAllow = []string{"10.0.0.0/8", " fd00::/8 ", "0.0.0.0/0"} },
		"addresses":         func(c *bootstrap.Config) { c.EgressAllow = []string{"127.0.0.1", "::1", "192.168.1.7/32"} },
		"secret":            func(c *bootstrap.Config) { c.WebhookSecrets = []string{secret} },
		"secrets":           func(c *bootstrap.Config) { c.WebhookSecrets = []string{secret, " " + secret + "\n"} },
		"URL":               func(c *bootstrap.Config) { c.URL = "http://worker-1:8081" },
		"URL with a path":   func(c *bootstrap.Config) { c.URL = "https://example.com/workers/" },
		"URL of an address": func(c *bootstrap.Config) { c.URL = "http://[fd00::1]:8081" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := valid()
			change(&c)
			if err := c.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCallbackSettingsRefused(t *testing.T) {
	t.Parallel()
	allow := func(entry string) func(*bootstrap.Config) {
		return func(c *bootstrap.Config) { c.EgressAllow = []string{"10.0.0.0/8", entry} }
	}
	secrets := func(wrong string) func(*bootstrap.Config) {
		return func(c *bootstrap.Config) { c.WebhookSecrets = []string{secret, wrong} }
	}
	url := func(url string) func(*bootstrap.Config) { return func(c *bootstrap.Config) { c.URL = url } }
	for name, test := range map[string]struct {
		change     func(*bootstrap.Config)
		name, want string
	}{
		"name":              {allow("localhost"), "EGRESS_ALLOW", `"localhost"`},
		"length":            {allow("10.0.0.0/33"), "EGRESS_ALLOW", `"10.0.0.0/33"`},
		"bits":              {allow("10.1.2.3/8"), "EGRESS_ALLOW", `10.0.0.0/8?`},
		"short form":        {allow("10/8"), "EGRESS_ALLOW", `"10/8"`},
		"range":             {allow("10.0.0.1-10.0.0.9"), "EGRESS_ALLOW", `"10.0.0.1-10.0.0.9"`},
		"port":              {allow("10.0.0.1:80"), "EGRESS_ALLOW", `"10.0.0.1:80"`},
		"zone":              {allow("fe80::1%eth0"), "EGRESS_ALLOW", `"fe80::1%eth0"`},
		"mapped":            {allow("::ffff:10.0.0.0/104"), "EGRESS_ALLOW", `write it as IPv4`},
		"empty":             {allow(""), "EGRESS_ALLOW", `""`},
		"short secret":      {secrets("whsec_aGlkZGVu"), "WEBHOOK_SECRETS", "secret 2 of 2"},
		"not a secret":      {secrets("hidden"), "WEBHOOK_SECRETS", "whsec_"},
		"empty secret":      {secrets(""), "WEBHOOK_SECRETS", "empty"},
		"URL of what":       {url("worker-1:8081"), "WORKER_URL", `"worker-1:8081"`},
		"URL of other kind": {url("nats://worker-1:8081"), "WORKER_URL", "want http"},
		"URL without host":  {url("http:///path"), "WORKER_URL", "want http"},
		"URL with query":    {url("http://worker-1/?a=b"), "WORKER_URL", "query"},
		"URL with fragment": {url("http://worker-1/#a"), "WORKER_URL", "want http"},
		"URL with user":     {url("http://a:hidden@worker-1/"), "WORKER_URL", "user name or password"},
		"not a URL":         {url("http://a:hidden/"), "WORKER_URL", "is not a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := valid()
			test.change(&c)
			err := c.Check()
			wantError(t, err, test.name)
			if err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want one with %s", err, test.want)
			}
			for _, hidden := range []string{"hidden", "aGlkZGVu", "MfKQ"} {
				if err != nil && strings.Contains(err.Error(), hidden) {
					t.Errorf("error %q tells a secret", err)
				}
			}
		})
	}
}

func TestCallbackSettingsFromTheEnvironment(t *testing.T) {
	t.Setenv("MODE", config.ModeDebug)
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", "127.0.0.1:4222")
	t.Setenv("EGRESS_ALLOW", "10.0.0.0/8,::1")
	t.Setenv("WEBHOOK_SECRETS", secret+","+secret)
	t.Setenv("WORKER_URL", "https://example.com")
	c, err := bootstrap.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if len(c.EgressAllow) != 2 || c.EgressAllow[1] != "::1" || len(c.WebhookSecrets) != 2 || c.URL != "https://example.com" {
		t.Error("a field has not the value of its variable")
	}
	t.Setenv("WEBHOOK_SECRETS", "whsec_hidden")
	if _, err = bootstrap.LoadConfig(); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v", err)
	}
	wantError(t, err, "WEBHOOK_SECRETS")
}
