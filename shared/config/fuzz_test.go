package config

import (
	"errors"
	"strings"
	"testing"
)

// Whatever a file holds, it is read or refused by one line.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"", "namespace: beta\ndebug: false\nnats:\n  hosts:\n    - \"nats://a.nats:4222\"\n  nkey: \"<nkey>\"\n",
		"nats: {hosts: \"a:1,b:2\", replicas: 3}\nhttp: {addr: \":1\"}\n", "a: &a [*a]\n", "&a {nats: *a}\n",
		"nats: &n {hosts: *n}\n", "<<: {namespace: a}\n", "---\n---\n", "? [a]\n: b\n", "debug: !!int yes\n", "\x00", "- a\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Defaults(":1")
		err := c.parse("config.yml", data)
		if err == nil {
			err = c.Check()
		}
		var typed *Error
		if err != nil && (!errors.As(err, &typed) || strings.ContainsAny(err.Error(), "\r\n")) {
			t.Errorf("got %q (%T), want a *Error of one line", err, err)
		}
	})
}
