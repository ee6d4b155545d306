// Package bootstrap puts a scheduler node together: it is the one place that
// knows the core, its adapters and the settings.
package bootstrap

import (
	"os"

	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/logging"
)

// Config are the settings of a scheduler node.
type Config struct {
	config.Config
}

// DefaultHTTPAddr is where a scheduler serves its health, unless HTTP_ADDR says
// otherwise.
const DefaultHTTPAddr = ":8080"

// LoadConfig reads config/config.yml (or the file that CONFIG names) and then
// the environment, which wins. The error is a *config.Error.
func LoadConfig() (Config, error) {
	c := Config{config.Defaults(DefaultHTTPAddr)}
	if err := config.DefaultOrFile(&c.Config); err != nil {
		return c, err
	}
	if err := config.Env(&c); err != nil {
		return c, err
	}
	return c, c.Check()
}

// logger returns the logger to use.
func (c *Config) logger() *logrus.Logger {
	if c.Log == nil {
		c.Log = logging.New(c.Mode, os.Stderr)
	}
	return c.Log
}
