// Package bootstrap puts a scheduler node together: it is the one place that
// knows the core, its adapters and the settings.
package bootstrap

import (
	"io"
	"os"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/schedule/internal/adapter/prommon"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/build"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/tracing"
)

// Config are the settings of a scheduler node.
type Config struct {
	config.Config

	// Ahead is how long before it is due a trigger is stored: from 0, which
	// stores it when it is due, to MaxAhead. Nil: 1 s.
	Ahead *time.Duration `envconfig:"COMMIT_AHEAD" desc:"how long before it is due a trigger is stored, 0s to 1.5s (default 1s)"`

	// Tracing says where traces go. Zero: nowhere.
	Tracing tracing.Settings

	// Version is shown in traces and metrics. Empty: that of the build.
	Version string `ignored:"true"`

	counts *prommon.Monitor // see counter
}

// Usage writes what a scheduler reads from its environment and file.
func Usage(w io.Writer) {
	c := defaults()
	config.Usage(w, &c, true)
}

// Version is linked, unless that is empty: then that of the module in this
// build, "dev" for one from a work tree.
func Version(linked string) string {
	return build.Version(linked, "github.com/weplanx/workflow/schedule")
}

// MaxAhead is the most that Config.Ahead may be.
const MaxAhead = core.MaxAhead

// DefaultHTTPAddr is where a scheduler serves its health, unless HTTP_ADDR says
// otherwise.
const DefaultHTTPAddr = ":8080"

// Inbox is where answers to a scheduler come to, unless NATS_INBOX says
// otherwise. Permissions can keep other users from reading them.
const Inbox = "_INBOX.schedule"

// defaults is the configuration before file and environment are read.
func defaults() Config {
	c := Config{Config: config.Defaults(DefaultHTTPAddr)}
	c.NATS.Inbox = Inbox
	return c
}

// LoadConfig reads config/config.yml (or the file that CONFIG names) and then
// the environment, which wins. The error is a *config.Error.
func LoadConfig() (Config, error) {
	c := defaults()
	if err := config.DefaultOrFile(&c.Config); err != nil {
		return c, err
	}
	if err := config.Env(&c); err != nil {
		return c, err
	}
	return c, c.Check()
}

// Check refuses settings that a scheduler could not run with. The error is a
// *config.Error.
func (c *Config) Check() error {
	if err := c.Config.Check(); err != nil {
		return err
	}
	return c.checkOwn()
}

// checkOwn checks what only schedulers have.
func (c *Config) checkOwn() error {
	if err := c.checkAhead(); err != nil {
		return err
	}
	return c.Tracing.Check()
}

func (c *Config) checkAhead() error {
	if ahead := c.ahead(); ahead < 0 || ahead > MaxAhead {
		return &config.Error{
			Name:    "COMMIT_AHEAD",
			Problem: "is " + ahead.String() + ", want a duration from 0s to " + MaxAhead.String(),
		}
	}
	return nil
}

func (c *Config) ahead() time.Duration {
	if c.Ahead == nil {
		return core.Ahead
	}
	return *c.Ahead
}

// logger returns the logger to use.
func (c *Config) logger() *logrus.Logger {
	if c.Log == nil {
		c.Log = logging.New(c.Mode, os.Stderr)
	}
	return c.Log
}
