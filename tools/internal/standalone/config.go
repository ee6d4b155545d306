package standalone

import (
	"io"
	"net"
	"strconv"
	"time"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/setting"
	"github.com/weplanx/workflow/shared/tracing"
)

// Flags under which the settings are known to the user.
const (
	flagData      = "-data"
	flagNATS      = "-nats"
	flagHTTP      = "-http"
	flagNamespace = "-namespace"
	flagEgress    = "-egress"
)

// Config says what to run and where.
type Config struct {
	Data      string // folder of everything that is kept; made when missing
	NATS      string // host:port of the NATS server; port 0: chosen by the system
	HTTP      string // host:port of the health pages and the worker's API; port 0: chosen by the system
	Namespace string
	Egress    []string // networks and addresses that callbacks may reach although they are not public
	Demo      bool
	Verbose   bool // log more than warnings and errors

	// EventsToken lets events in at POST /events/{key}. Empty: that is off.
	EventsToken string

	// Secrets sign callbacks ("whsec_…"), newest first. Empty: no signature.
	Secrets []string

	// Tracing says where the traces of scheduler and worker go. Zero: nowhere.
	Tracing tracing.Settings

	Out io.Writer // for people: what runs, and each callback of the demo
	Log io.Writer // log lines

	// DemoInterval is how often the demo's schedule fires. 0: 5 s.
	DemoInterval time.Duration
	// OnStart is called once everything runs. May be nil.
	OnStart func(Addresses)
	// OnCallback is called with each callback of the demo. May be nil.
	OnCallback func(Callback)
}

// Addresses are where the running parts can be reached.
type Addresses struct {
	NATS string // host:port
	HTTP string // host:port
	Demo string // URL of the demo's receiver; empty without one
}

// Defaults are the settings of a program that was given no flags. Callbacks may
// reach this machine, where the demo's receiver is.
func Defaults() Config {
	return Config{
		Data: ".data", NATS: "127.0.0.1:4222", HTTP: "127.0.0.1:8080", Namespace: "demo", Demo: true,
		Egress: []string{"127.0.0.0/8", "::1"},
	}
}

func (c *Config) check() error {
	if contract.CheckNamespace(c.Namespace) != nil {
		return &setting.Error{Name: flagNamespace, Problem: "is " + setting.Quote(c.Namespace) + ", want 1 to 32 characters of A-Z a-z 0-9 _ -"}
	}
	if c.Data == "" {
		return &setting.Error{Name: flagData, Problem: "is empty, want a folder"}
	}
	if err := checkAddress(flagNATS, c.NATS); err != nil {
		return err
	}
	if err := checkAddress(flagHTTP, c.HTTP); err != nil {
		return err
	}
	return c.Tracing.Check()
}

// Environment sets what is read from there: the variables of OpenTelemetry.
func (c *Config) Environment() error { return config.Env(&c.Tracing) }

func checkAddress(flag, address string) error {
	if _, _, err := splitAddress(address); err != nil {
		return &setting.Error{Name: flag, Problem: "is " + setting.Quote(address) + ", want host:port, for example 127.0.0.1:4222"}
	}
	return nil
}

func splitAddress(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	number, err := strconv.ParseUint(text, 10, 16)
	return host, int(number), err
}
