// Package config is the configuration that all services share.
//
// Settings come from three places, the later ones winning: defaults, a YAML
// file, the environment. Whatever is wrong is reported as an [Error] under the
// name by which the user set it: an environment variable, or a key with the
// file and line it is in.
package config

import (
	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/health"
	"github.com/weplanx/workflow/shared/natsconn"
	"github.com/weplanx/workflow/shared/setting"
)

// Error is a setting that cannot be used.
type Error = setting.Error

// Modes.
const (
	ModeDebug   = "debug"   // text logs
	ModeRelease = "release" // JSON logs; a NATS credential is required
)

// Config is what all services share. Services embed it, so that Env fills
// their own settings as well.
type Config struct {
	Mode      string `envconfig:"MODE" desc:"debug or release: text or JSON logs; release wants a credential"`
	Namespace string `envconfig:"NAMESPACE" desc:"whose schedules, 1 to 32 of A-Z a-z 0-9 _ -; required"`
	HTTPAddr  string `envconfig:"HTTP_ADDR" desc:"host:port or :port of /healthz, /readyz and /metrics, and of the API if there is one"`
	NATS      natsconn.Config

	// Log is where the service logs to. Nil: one is made for Mode, writing to
	// standard error.
	Log *logrus.Logger `ignored:"true"`

	names setting.Names
}

// Defaults is the configuration before file and environment are read.
func Defaults(httpAddr string) Config {
	return Config{Mode: ModeDebug, HTTPAddr: httpAddr}
}

// Check refuses settings that the service could not run with, reading the
// files they name. The error is a *Error.
func (c *Config) Check() error {
	if c.Mode != ModeDebug && c.Mode != ModeRelease {
		return c.names.Error("MODE", "is "+setting.Quote(c.Mode)+", want \"debug\" or \"release\"")
	}
	if c.Namespace == "" {
		return c.names.Error("NAMESPACE", "is missing, want 1 to 32 characters of A-Z a-z 0-9 _ -")
	}
	if err := contract.CheckNamespace(c.Namespace); err != nil {
		return c.names.Error("NAMESPACE", "is "+setting.Quote(c.Namespace)+", want 1 to 32 characters of A-Z a-z 0-9 _ -")
	}
	if health.CheckAddr(c.HTTPAddr) != nil {
		return c.names.Error("HTTP_ADDR", "is "+setting.Quote(c.HTTPAddr)+", want host:port or :port")
	}
	c.NATS.Named(c.names)
	if err := c.NATS.Check(); err != nil {
		return err
	}
	if c.Mode == ModeRelease && !c.NATS.HasCredential() {
		return c.names.Error("NATS_NKEY",
			"is missing and "+c.released()+", want a user seed (SU…), or NATS_CREDS, or NATS_CERT and NATS_KEY")
	}
	return nil
}

// released says what made the mode release, as the user knows it.
func (c *Config) released() string {
	if name, ok := c.names.InFile("MODE"); ok {
		return name + " is false"
	}
	return "MODE is release"
}
