package bootstrap

import (
	"cmp"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/adapter/natsjobs"
	"github.com/weplanx/workflow/worker/internal/adapter/prommon"
)

// Inbox is where answers to a worker come to, unless NATS_INBOX says otherwise.
// Permissions can keep other users from reading them.
const Inbox = "_INBOX.worker"

// MaxConcurrency is the most calls at once that a worker can be set to.
const MaxConcurrency = 100_000

const (
	defaultAddr        = ":8081"
	defaultConcurrency = 256
	defaultGrace       = 10 * time.Second
)

// Config is the configuration of a worker.
type Config struct {
	config.Config

	// Concurrency is how many calls the worker makes at once. 0: 256.
	Concurrency int `envconfig:"WORKER_CONCURRENCY" desc:"calls at once, up to 100000"`

	// HostConcurrency is how many calls a worker makes at once to one host. 0: 32,
	// and half of Concurrency at most. At least Concurrency: one host may have
	// all of them.
	HostConcurrency int `envconfig:"HOST_CONCURRENCY" desc:"calls at once to one host; 0: 32, and half of WORKER_CONCURRENCY at most"`

	// HostRate is how many calls a second a worker makes to one host. 0: no limit.
	HostRate float64 `envconfig:"HOST_RATE" desc:"calls a second to one host; 0: no limit"`

	// HostBreaker says whether the calls to a host are put off that fails: "on" or
	// "off". Empty: on.
	HostBreaker string `envconfig:"HOST_BREAKER" desc:"on or off: whether calls to a host that fails are put off; empty: on"`

	// EgressAllow are the networks (CIDR) and addresses that callbacks may reach
	// although they are not public.
	EgressAllow []string `envconfig:"EGRESS_ALLOW" desc:"networks (CIDR) and addresses, comma-separated, that may be called although they are not public"`

	// WebhookSecrets sign callbacks ("whsec_…"), newest first. Empty: no signature.
	WebhookSecrets []string `envconfig:"WEBHOOK_SECRETS" desc:"that sign callbacks, comma-separated: whsec_…, newest first"`

	// URL is where targets reach this worker's HTTP_ADDR, for reports of
	// completions. Empty: they get a NATS subject only.
	URL string `envconfig:"WORKER_URL" desc:"where targets reach HTTP_ADDR, to report the end of long jobs"`

	// EventsToken lets events in at POST /events/{key} (a bearer token). Empty:
	// that is off.
	EventsToken string `envconfig:"EVENTS_TOKEN" desc:"bearer token of POST /events/{key}; empty: that is off"`

	// Tracing says where traces go. Zero: nowhere.
	Tracing tracing.Settings

	// Grace is how long calls under way may take to finish when the worker
	// stops. 0: 10 s; negative: none.
	Grace time.Duration `ignored:"true"`

	// Version is shown to targets, in traces and metrics. Empty: that of the build.
	Version string `ignored:"true"`

	counts  *prommon.Monitor // see counter
	ackWait time.Duration    // natsjobs.AckWait but in tests
}

// Defaults is the configuration before the environment is read.
func Defaults() Config {
	c := Config{Config: config.Defaults(defaultAddr), Concurrency: defaultConcurrency, Grace: defaultGrace}
	c.NATS.Inbox = Inbox
	return c
}

// Usage writes what a worker reads from its environment.
func Usage(w io.Writer) {
	c := Defaults()
	config.Usage(w, &c, false)
}

// LoadConfig reads the configuration from the environment and checks it. The
// error is a *config.Error that names the variable.
func LoadConfig() (Config, error) {
	c := Defaults()
	if err := config.Env(&c); err != nil {
		return c, err
	}
	return c, c.Check()
}

// Check refuses settings that the worker could not run with. The error is a
// *config.Error.
func (c *Config) Check() error {
	if err := c.Config.Check(); err != nil {
		return err
	}
	return c.checkOwn()
}

// checkOwn checks what only workers have.
func (c *Config) checkOwn() error {
	for _, check := range []func() error{c.checkConcurrency, c.checkHosts, c.checkEventsToken, c.checkCallbacks, c.Tracing.Check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkConcurrency() error {
	if c.Concurrency < 0 || c.Concurrency > MaxConcurrency {
		return &config.Error{
			Name:    "WORKER_CONCURRENCY",
			Problem: "is " + strconv.Itoa(c.Concurrency) + ", want a whole number from 1 to " + strconv.Itoa(MaxConcurrency),
		}
	}
	return nil
}

// summary says at a worker's start what its settings make of it. It holds no
// secret.
func (c *Config) summary() logrus.Fields {
	egress := "public addresses"
	if len(c.EgressAllow) > 0 {
		egress += " and " + strings.Join(c.EgressAllow, ",")
	}
	return logrus.Fields{
		"namespace": c.Namespace,
		"egress":    egress,
		"signing":   onOff(len(c.WebhookSecrets) > 0),
		"events":    onOff(c.EventsToken != ""),
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// filled replaces zero values by their defaults.
func (c Config) filled() Config {
	if c.Concurrency == 0 {
		c.Concurrency = defaultConcurrency
	}
	if c.Grace == 0 {
		c.Grace = defaultGrace
	}
	c.Grace = max(c.Grace, 0)
	c.ackWait = cmp.Or(c.ackWait, natsjobs.AckWait)
	if c.Version == "" {
		c.Version = Version()
	}
	return c
}
