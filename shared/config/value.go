package config

import (
	"errors"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

func text(field func(*Config) *string) func(*Config, *yaml.Node) string {
	return func(c *Config, value *yaml.Node) string {
		if value.Kind != yaml.ScalarNode {
			return "want text"
		}
		*field(c) = value.Value
		return ""
	}
}

func setDebug(c *Config, value *yaml.Node) string {
	var debug bool
	if value.Decode(&debug) != nil {
		return shown(value.Value) + "want true or false"
	}
	c.Mode = ModeRelease
	if debug {
		c.Mode = ModeDebug
	}
	return ""
}

func setReplicas(c *Config, value *yaml.Node) string {
	if value.Kind != yaml.ScalarNode || value.Decode(&c.NATS.Replicas) != nil {
		return shown(value.Value) + "want a whole number, 0 to 5"
	}
	return ""
}

// setHosts accepts a list, or text with commas as in the environment.
func setHosts(c *Config, value *yaml.Node) string {
	const want = "want a list of host:port"
	switch value.Kind {
	case yaml.ScalarNode:
		c.NATS.Hosts = strings.Split(value.Value, ",")
		return ""
	case yaml.SequenceNode:
		hosts := make([]string, 0, len(value.Content))
		for _, member := range value.Content {
			member = resolve(member)
			if member.Kind != yaml.ScalarNode {
				return want
			}
			hosts = append(hosts, member.Value)
		}
		c.NATS.Hosts = hosts
		return ""
	default:
		return want
	}
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// syntax makes one line of an error of the YAML parser, which may quote the
// file only by anchor and alias names.
func syntax(err error) string {
	return "is not YAML: " + strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
}

// cause is the error below a path.
func cause(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
