package contract

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that is written as a string of Go's
// time.ParseDuration form ("1.5s", "10m") in JSON. Zero means "the default".
type Duration time.Duration

// MarshalText writes the duration in Go's form, for example "1m30s".
func (d Duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

// UnmarshalText accepts what time.ParseDuration accepts.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("duration %s: want a form such as \"10s\" or \"1m30s\"", quote(string(text)))
	}
	*d = Duration(v)
	return nil
}

// String returns the duration in Go's form.
func (d Duration) String() string { return time.Duration(d).String() }
