package config_test

import (
	"testing"

	"github.com/weplanx/workflow/shared/config"
)

func valid() config.Config {
	c := config.Defaults(":8080")
	c.Namespace = "beta"
	c.NATS.Hosts = []string{"127.0.0.1:4222"}
	return c
}

func TestCheckAccepts(t *testing.T) {
	t.Parallel()
	seed := userSeed(t)
	tests := map[string]func(c *config.Config){
		"defaults":                 func(*config.Config) {},
		"release with nkey":        func(c *config.Config) { c.Mode, c.NATS.Nkey = "release", seed },
		"release with password":    func(c *config.Config) { c.Mode, c.NATS.Hosts = "release", []string{"nats://u:p@h:1"} },
		"longest namespace":        func(c *config.Config) { c.Namespace = "abcdefghijklmnopqrstuvwxyz_-0123" },
		"address with host":        func(c *config.Config) { c.HTTPAddr = "127.0.0.1:0" },
		"nkey with spaces around":  func(c *config.Config) { c.NATS.Nkey = " " + seed + "\n" },
		"several hosts, no scheme": func(c *config.Config) { c.NATS.Hosts = []string{"a:1", " b:2", "[::1]:4222"} },
	}
	for name, change := range tests {
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

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(c *config.Config)
		want   []string
	}{
		"mode":               {func(c *config.Config) { c.Mode = "prod" }, []string{"MODE: ", `"prod"`, `"debug" or "release"`}},
		"no namespace":       {func(c *config.Config) { c.Namespace = "" }, []string{"NAMESPACE: ", "is missing", "1 to 32"}},
		"bad namespace":      {func(c *config.Config) { c.Namespace = "a.b" }, []string{"NAMESPACE: ", `"a.b"`, "1 to 32"}},
		"no hosts":           {func(c *config.Config) { c.NATS.Hosts = nil }, []string{"NATS_HOSTS: ", "is missing", "host:port"}},
		"address":            {func(c *config.Config) { c.HTTPAddr = "8080" }, []string{"HTTP_ADDR: ", `"8080"`, "host:port"}},
		"port of address":    {func(c *config.Config) { c.HTTPAddr = ":99999" }, []string{"HTTP_ADDR: "}},
		"release, no secret": {func(c *config.Config) { c.Mode = "release" }, []string{"NATS_NKEY: ", "MODE is release", "user seed (SU…)", "NATS_CREDS"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := valid()
			test.change(&c)
			wantError(t, c.Check(), test.want...)
		})
	}
}
