// Package setting is how a wrong setting is reported: by the name under which
// the user gave it.
package setting

import (
	"maps"
	"strconv"
)

// Error is a setting that cannot be used. It is one line and holds no secret.
type Error struct {
	Name    string // environment variable, file key or flag, for example "NATS_HOSTS"
	Problem string // lower case, says what the setting accepts
}

func (e *Error) Error() string { return e.Name + ": " + e.Problem }

// Names maps environment variables to the names under which a file set them.
// The zero value is ready to use and maps nothing. It may be shared by readers
// once all names are known.
type Names struct{ file map[string]string }

// Set says that variable was set under another name, for example
// "nats.nkey (config/config.yml line 6)".
func (n *Names) Set(variable, name string) {
	n.file = maps.Clone(n.file)
	if n.file == nil {
		n.file = map[string]string{}
	}
	n.file[variable] = name
}

// Unset says that variable was set in the environment after all.
func (n *Names) Unset(variable string) {
	n.file = maps.Clone(n.file)
	delete(n.file, variable)
}

// InFile returns the name under which a file set variable; ok is false when none
// did.
func (n Names) InFile(variable string) (name string, ok bool) {
	name, ok = n.file[variable]
	return name, ok
}

// Error makes an Error under the name that the user knows.
func (n Names) Error(variable, problem string) *Error {
	if name, ok := n.InFile(variable); ok {
		return &Error{Name: name, Problem: problem}
	}
	return &Error{Name: variable, Problem: problem}
}

// Quote shows a value in an error: shortened, without control characters. Not
// for secrets.
func Quote(s string) string {
	const limit = 64
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "…"
	}
	return strconv.QuoteToASCII(s)
}
