package config_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/config"
)

// service is how a service's configuration embeds the shared one.
type service struct {
	config.Config
	Concurrency int           `envconfig:"CONCURRENCY"`
	Patience    time.Duration `envconfig:"PATIENCE"`
	Loud        bool          `envconfig:"LOUD"`
}

// The tests of this file change the environment of the process and are
// therefore not parallel.

func TestEnvAsDocumented(t *testing.T) {
	seed := userSeed(t)
	t.Setenv("MODE", "release")
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", "nats://a.nats:4222,nats://b.nats:4222")
	t.Setenv("NATS_NKEY", seed)
	t.Setenv("CONCURRENCY", "7")
	c := service{Config: config.Defaults(":8081"), Patience: time.Second}
	if err := config.Env(&c); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.Mode != "release" || c.Namespace != "beta" || c.NATS.Nkey != seed || c.HTTPAddr != ":8081" || c.Concurrency != 7 || c.Patience != time.Second {
		t.Error("a field has not the value of its variable, or lost its default")
	}
	if !slices.Equal(c.NATS.Hosts, []string{"nats://a.nats:4222", "nats://b.nats:4222"}) {
		t.Errorf("got hosts %q", c.NATS.Hosts)
	}
}

func TestEnvWinsOverFile(t *testing.T) {
	t.Setenv("NAMESPACE", "from-env")
	t.Setenv("MODE", "debug")
	c := service{Config: config.Defaults(":1")}
	if err := config.File(write(t, "namespace: <namespace>\ndebug: false\nnats: {hosts: [\"a:1\"]}\n"), &c.Config); err != nil {
		t.Fatal(err)
	}
	if err := config.Env(&c); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.Namespace != "from-env" || c.Mode != config.ModeDebug {
		t.Errorf("got namespace %q, mode %q", c.Namespace, c.Mode)
	}
}

// An error names the variable when it is the environment that is wrong, also
// when the file has the same setting.
func TestEnvErrorNamesTheVariable(t *testing.T) {
	t.Setenv("NATS_NKEY", "SUnonsense")
	c := service{Config: config.Defaults(":1")}
	if err := config.File(write(t, "namespace: a\nnats: {hosts: [\"a:1\"], nkey: x}\n"), &c.Config); err != nil {
		t.Fatal(err)
	}
	if err := config.Env(&c); err != nil {
		t.Fatal(err)
	}
	err := c.Check()
	wantError(t, err, "NATS_NKEY: ", "user seed")
	if strings.Contains(err.Error(), "nonsense") {
		t.Errorf("the error repeats the secret: %v", err)
	}
}

func TestEnvEmptyIsUnset(t *testing.T) {
	t.Setenv("MODE", "")
	t.Setenv("HTTP_ADDR", "")
	t.Setenv("NATS_REPLICAS", "")
	t.Setenv("CONCURRENCY", "")
	c := service{Config: config.Defaults(":1"), Concurrency: 3}
	if err := config.Env(&c); err != nil {
		t.Fatal(err)
	}
	if c.Mode != config.ModeDebug || c.HTTPAddr != ":1" || c.Concurrency != 3 {
		t.Errorf("got %+v", c)
	}
}

func TestEnvRefuses(t *testing.T) {
	tests := map[string]struct{ variable, value, want string }{
		"replicas":       {"NATS_REPLICAS", "many", `is "many", want a whole number`},
		"own number":     {"CONCURRENCY", "7.5", `is "7.5", want a whole number`},
		"own duration":   {"PATIENCE", "10", `is "10", want a duration such as 10s`},
		"own true/false": {"LOUD", "very", `is "very", want true or false`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(test.variable, test.value)
			c := service{Config: config.Defaults(":1")}
			err := config.Env(&c)
			wantError(t, err, test.variable+": ", test.want)
			if strings.HasPrefix(err.Error(), "NATS_NATS") {
				t.Error(err)
			}
		})
	}
}

// A secret in the wrong variable, or under the wrong key, is not repeated.
func TestErrorsRepeatNothingLong(t *testing.T) {
	seed := userSeed(t)
	t.Setenv("NATS_REPLICAS", seed)
	c := service{Config: config.Defaults(":1")}
	inFile := config.File(write(t, "nats: {replicas: "+seed+"}\n"), &c.Config)
	for name, err := range map[string]error{"NATS_REPLICAS: want": config.Env(&c), "nats.replicas (": inFile} {
		wantError(t, err, name, "want a whole number")
		if strings.Contains(err.Error(), seed) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}

func TestDefaultOrFile(t *testing.T) {
	t.Run("CONFIG names a file", func(t *testing.T) {
		t.Setenv("CONFIG", write(t, "namespace: named\n"))
		c := config.Defaults(":1")
		if err := config.DefaultOrFile(&c); err != nil || c.Namespace != "named" {
			t.Errorf("got namespace %q, error %v", c.Namespace, err)
		}
	})
	t.Run("CONFIG names nothing", func(t *testing.T) {
		t.Setenv("CONFIG", "/nowhere/config.yml")
		c := config.Defaults(":1")
		wantError(t, config.DefaultOrFile(&c), "CONFIG: ", "/nowhere/config.yml", "does not exist")
	})
	t.Run("no file", func(t *testing.T) {
		t.Setenv("CONFIG", "")
		t.Chdir(t.TempDir())
		c := config.Defaults(":1")
		if err := config.DefaultOrFile(&c); err != nil {
			t.Error(err)
		}
	})
	t.Run("default file", func(t *testing.T) {
		t.Setenv("CONFIG", "")
		t.Chdir(t.TempDir())
		if err := os.Mkdir("config", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(config.DefaultFile, []byte("namespace: here\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c := config.Defaults(":1")
		if err := config.DefaultOrFile(&c); err != nil || c.Namespace != "here" {
			t.Errorf("got namespace %q, error %v", c.Namespace, err)
		}
	})
}
