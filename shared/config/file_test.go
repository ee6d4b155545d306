package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"

	"github.com/weplanx/workflow/shared/config"
)

// write puts content into a file of its own and returns its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func userSeed(t *testing.T) string {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return string(seed)
}

func TestFileAsDocumented(t *testing.T) {
	t.Parallel()
	seed := userSeed(t)
	path := write(t, `namespace: beta
debug: false
nats:
  hosts:
    - "nats://a.nats:4222"
    - "nats://b.nats:4222"
    - "nats://c.nats:4222"
  nkey: "`+seed+`"
`)
	c := config.Defaults(":8080")
	if err := config.File(path, &c); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.Namespace != "beta" || c.Mode != config.ModeRelease || c.NATS.Nkey != seed || c.HTTPAddr != ":8080" {
		t.Errorf("got namespace %q, mode %q, address %q", c.Namespace, c.Mode, c.HTTPAddr)
	}
	if got := strings.Join(c.NATS.Hosts, " "); got != "nats://a.nats:4222 nats://b.nats:4222 nats://c.nats:4222" {
		t.Errorf("got hosts %q", got)
	}
}

func TestFileSets(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content string
		check   func(c *config.Config) bool
	}{
		"empty file":          {"", func(c *config.Config) bool { return c.Mode == config.ModeDebug }},
		"only comments":       {"# nothing\n", func(c *config.Config) bool { return c.Mode == config.ModeDebug }},
		"null section":        {"nats:\n", func(c *config.Config) bool { return c.NATS.Hosts == nil }},
		"null value":          {"http:\n  addr:\n", func(c *config.Config) bool { return c.HTTPAddr == ":1" }},
		"debug absent":        {"namespace: a\n", func(c *config.Config) bool { return c.Mode == config.ModeDebug }},
		"debug true":          {"debug: true\n", func(c *config.Config) bool { return c.Mode == config.ModeDebug }},
		"debug false":         {"debug: false\n", func(c *config.Config) bool { return c.Mode == config.ModeRelease }},
		"number as namespace": {"namespace: 42\n", func(c *config.Config) bool { return c.Namespace == "42" }},
		"hosts as text":       {"nats: {hosts: \"a:1,b:2\"}\n", func(c *config.Config) bool { return len(c.NATS.Hosts) == 2 }},
		"all other keys": {
			"nats: {creds: a, ca: b, cert: c, key: d, replicas: 3}\nhttp: {addr: \":9\"}\n",
			func(c *config.Config) bool {
				n := c.NATS
				return n.Creds == "a" && n.CA == "b" && n.Cert == "c" && n.Key == "d" && n.Replicas == 3 && c.HTTPAddr == ":9"
			},
		},
		"anchor": {
			"namespace: &n beta\nnats: {creds: *n}\n",
			func(c *config.Config) bool { return c.NATS.Creds == "beta" },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config.Defaults(":1")
			if err := config.File(write(t, test.content), &c); err != nil {
				t.Fatal(err)
			}
			if !test.check(&c) {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestFileRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content string
		want    []string // parts of the error
	}{
		"unknown key":        {"namespace: a\nhosts: b\n", []string{"hosts (", "line 2", "unknown key", "nats"}},
		"unknown nested key": {"nats:\n  host: b\n", []string{"nats.host (", "line 2", "hosts"}},
		"duplicate key":      {"namespace: a\nnamespace: b\n", []string{"namespace (", "line 2", "line 1"}},
		"duplicate section":  {"nats: {creds: a}\nnats: {creds: b}\n", []string{"nats (", "line 2"}},
		"two documents":      {"namespace: a\n---\nnamespace: b\n", []string{"second document"}},
		"a list":             {"- a\n", []string{"line 1", "want keys and values", "namespace"}},
		"plain text":         {"beta\n", []string{"want keys and values"}},
		"section as text":    {"nats: a\n", []string{"nats (", "want keys and values", "hosts"}},
		"debug as text":      {"debug: maybe\n", []string{"debug (", "line 1", "true or false"}},
		"namespace as list":  {"namespace: [a]\n", []string{"namespace (", "want text"}},
		"hosts as mapping":   {"nats: {hosts: {a: 1}}\n", []string{"nats.hosts (", "list of host:port"}},
		"replicas as text":   {"nats: {replicas: many}\n", []string{"nats.replicas (", "is \"many\", want a whole number"}},
		"not YAML":           {"namespace: [a\n", []string{"config.yml", "not YAML", "line"}},
		"tab":                {"nats:\n\thosts: a\n", []string{"not YAML"}},
		"merge key":          {"<<: {namespace: a}\n", []string{"<< (", "unknown key"}},
		"control character":  {"\"a\\nb\": c\n", []string{`"a\nb" (`, "unknown key"}},
		"broken second document": {
			"namespace: a\n---\n[\n", []string{"not YAML"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config.Defaults(":1")
			wantError(t, config.File(write(t, test.content), &c), test.want...)
		})
	}
}

func TestFileThatIsAbsent(t *testing.T) {
	t.Parallel()
	c := config.Defaults(":1")
	if err := config.File(filepath.Join(t.TempDir(), "none.yml"), &c); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestFileThatIsAFolder(t *testing.T) {
	t.Parallel()
	c := config.Defaults(":1")
	wantError(t, config.File(t.TempDir(), &c), "CONFIG: ", "cannot be read")
}

// A value of the file that cannot work is reported by its key, not by the
// variable that the user never set.
func TestCheckNamesTheKeyOfTheFile(t *testing.T) {
	t.Parallel()
	const hosts = "nats: {hosts: [\"127.0.0.1:4222\"]"
	tests := map[string]struct {
		content string
		want    []string
	}{
		"placeholder namespace": {"namespace: <namespace>\n", []string{"namespace (", "line 1", `"<namespace>"`, "want 1 to 32"}},
		"placeholder nkey":      {"namespace: a\n" + hosts + ", nkey: <nkey>}\n", []string{"nats.nkey (", "line 2", "user seed"}},
		"empty host":            {"namespace: a\nnats: {hosts: [\"\"]}\n", []string{"nats.hosts (", "empty member"}},
		"address":               {"namespace: a\nhttp: {addr: 80}\n", []string{"http.addr (", "want host:port"}},
		"replicas":              {"namespace: a\n" + hosts + ", replicas: 9}\n", []string{"nats.replicas (", "is 9, want 1 to 5"}},
		"no credential":         {"namespace: a\ndebug: false\n" + hosts + "}\n", []string{"NATS_NKEY: is missing and debug (", "line 2) is false, want"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config.Defaults(":1")
			if err := config.File(write(t, test.content), &c); err != nil {
				t.Fatal(err)
			}
			wantError(t, c.Check(), test.want...)
		})
	}
}

// wantError fails unless err is a *config.Error of one line that contains all
// parts.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	var typed *config.Error
	if !errors.As(err, &typed) {
		t.Fatalf("got %v (%T), want a *config.Error", err, err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got more than one line: %v", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want it to contain %q", err, part)
		}
	}
}
