package config

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/weplanx/workflow/shared/setting"
)

// Env sets the fields of target, a pointer to a struct with envconfig tags,
// from the environment, and leaves those alone whose variable is not set. A
// variable that is set to the empty string counts as not set, and Env takes it
// out of the environment of the process. The error is a *Error; of values it
// repeats only those that were to be a number, a duration, true or false, and
// that are as short as such.
func Env(target any) error {
	all := variables(reflect.TypeOf(target))
	set := make([]string, 0, len(all))
	for _, v := range all {
		name := v.name
		value, ok := os.LookupEnv(name)
		switch {
		case ok && value == "":
			if err := os.Unsetenv(name); err != nil {
				return &Error{Name: name, Problem: "is empty and cannot be unset: " + err.Error()}
			}
		case ok:
			set = append(set, name)
		}
	}
	if err := envconfig.Process("", target); err != nil {
		return envError(err, all)
	}
	if c, ok := target.(interface{ overridden(variables []string) }); ok {
		c.overridden(set)
	}
	return nil
}

// overridden tells c which variables the environment has set, so that errors
// name them instead of the file's keys.
func (c *Config) overridden(variables []string) {
	for _, name := range variables {
		c.names.Unset(name)
	}
	c.NATS.Named(c.names)
}

// envError words an error of envconfig, whose own text holds the value and
// whose key may be prefixed by the struct's name.
func envError(err error, all []variable) error {
	var parse *envconfig.ParseError
	if !errors.As(err, &parse) {
		return &Error{Name: "environment", Problem: err.Error()}
	}
	found := variable{name: parse.KeyName}
	for _, v := range all {
		if v.name == parse.KeyName || strings.HasSuffix(parse.KeyName, "_"+v.name) {
			found = v
		}
	}
	return &Error{Name: found.name, Problem: accepts(found.kind, parse.Value, parse.Err)}
}

// shown is how a wrong value is repeated: not at all when it is longer than what
// was wanted could be. It may be a secret that got into the wrong place.
func shown(value string) string {
	const limit = 24
	if value == "" || len(value) > limit {
		return ""
	}
	return "is " + setting.Quote(value) + ", "
}

// accepts words what is wrong with a value of a type.
func accepts(t reflect.Type, value string, err error) string {
	want := wants(t)
	switch {
	case t == nil:
		return "cannot be read"
	case want == "":
		return err.Error() // of the type's own decoder, which knows what it may repeat
	}
	return shown(value) + want
}

// wants is empty for types that have a decoder of their own.
func wants(t reflect.Type) string {
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == nil:
		return ""
	case t == reflect.TypeFor[time.Duration]():
		return "want a duration such as 10s or 1m30s"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "want true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "want a whole number"
	case reflect.Float32, reflect.Float64:
		return "want a number"
	default:
		return ""
	}
}
