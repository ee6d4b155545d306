package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/weplanx/workflow/shared/setting"
)

// DefaultFile is read when it exists and CONFIG does not name another.
const DefaultFile = "config/config.yml"

// DefaultOrFile reads the file that CONFIG names, which must exist, or
// DefaultFile when there is one.
func DefaultOrFile(c *Config) error {
	if path := os.Getenv("CONFIG"); path != "" {
		err := File(path, c)
		if errors.Is(err, fs.ErrNotExist) {
			return &Error{Name: "CONFIG", Problem: "file " + setting.Quote(path) + " does not exist, want a YAML file"}
		}
		return err
	}
	err := File(DefaultFile, c)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// keys are the keys of the file, each with the variable of the same setting.
var keys = map[string]struct {
	variable string
	set      func(c *Config, value *yaml.Node) (problem string)
}{
	"namespace":     {"NAMESPACE", text(func(c *Config) *string { return &c.Namespace })},
	"debug":         {"MODE", setDebug},
	"nats.hosts":    {"NATS_HOSTS", setHosts},
	"nats.nkey":     {"NATS_NKEY", text(func(c *Config) *string { return &c.NATS.Nkey })},
	"nats.creds":    {"NATS_CREDS", text(func(c *Config) *string { return &c.NATS.Creds })},
	"nats.ca":       {"NATS_CA", text(func(c *Config) *string { return &c.NATS.CA })},
	"nats.cert":     {"NATS_CERT", text(func(c *Config) *string { return &c.NATS.Cert })},
	"nats.key":      {"NATS_KEY", text(func(c *Config) *string { return &c.NATS.Key })},
	"nats.inbox":    {"NATS_INBOX", text(func(c *Config) *string { return &c.NATS.Inbox })},
	"nats.replicas": {"NATS_REPLICAS", setReplicas},
	"http.addr":     {"HTTP_ADDR", text(func(c *Config) *string { return &c.HTTPAddr })},
}

// File sets fields of c from a YAML file and leaves those alone whose key is
// absent or null. A file that does not exist is an error that wraps
// fs.ErrNotExist; all others are a *Error that names file, line and key. What
// the values mean is checked by Check, once the environment has had its say.
func File(path string, c *Config) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read configuration: %w", err)
	}
	if err != nil {
		return &Error{Name: "CONFIG", Problem: "file " + setting.Quote(path) + " cannot be read: " + cause(err)}
	}
	return c.parse(path, data)
}

// parse is File on what path holds.
func (c *Config) parse(path string, data []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return &Error{Name: path, Problem: syntax(err)}
	}
	var second yaml.Node
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return &Error{Name: path, Problem: syntax(err)}
		}
		return &Error{Name: fmt.Sprintf("%s line %d", path, second.Line), Problem: "a second document begins, want one"}
	}
	r := reader{path: path, config: c}
	if err := r.mapping("", document.Content[0]); err != nil {
		return err
	}
	c.NATS.Named(c.names)
	return nil
}

type reader struct {
	path   string
	config *Config
}

// mapping reads the keys under prefix.
func (r *reader) mapping(prefix string, node *yaml.Node) error {
	node = resolve(node)
	if isNull(node) {
		return nil
	}
	if node.Kind != yaml.MappingNode {
		return r.wrong(prefix, node, "want keys and values: "+strings.Join(known(prefix), ", "))
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		key := prefix + name.Value
		if line, twice := seen[key]; twice {
			return r.wrong(key, name, fmt.Sprintf("is there already, at line %d, want it once", line))
		}
		seen[key] = name.Line
		if err := r.value(prefix, key, name, value); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) value(prefix, key string, name, value *yaml.Node) error {
	if len(known(key+".")) > 0 {
		return r.mapping(key+".", value)
	}
	entry, ok := keys[key]
	if !ok {
		return r.wrong(key, name, "unknown key, want one of "+strings.Join(known(prefix), ", "))
	}
	value = resolve(value)
	if isNull(value) {
		return nil
	}
	if problem := entry.set(r.config, value); problem != "" {
		return r.wrong(key, name, problem)
	}
	r.config.names.Set(entry.variable, r.name(key, name))
	return nil
}

func (r *reader) wrong(key string, at *yaml.Node, problem string) error {
	return &Error{Name: r.name(strings.TrimSuffix(key, "."), at), Problem: problem}
}

func (r *reader) name(key string, at *yaml.Node) string {
	if key == "" {
		key = "configuration"
	}
	if strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c == 0x7f }) || len(key) > 64 {
		key = setting.Quote(key)
	}
	return fmt.Sprintf("%s (%s line %d)", key, r.path, at.Line)
}

// known returns the keys that may stand under prefix, sorted, each once.
func known(prefix string) []string {
	var names []string
	for key := range keys {
		if rest, ok := strings.CutPrefix(key, prefix); ok {
			rest, _, _ = strings.Cut(rest, ".")
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
