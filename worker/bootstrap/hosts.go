package bootstrap

import (
	"strconv"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/setting"
	"github.com/weplanx/workflow/worker/internal/adapter/targets"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Bounds of what one host may be given.
const (
	MaxHostConcurrency = 100_000
	MinHostRate        = 0.001
	MaxHostRate        = 1_000_000
)

// Values of Config.HostBreaker.
const (
	breakerOn  = "on"
	breakerOff = "off"
)

func (c *Config) checkHosts() error {
	if c.HostConcurrency < 0 || c.HostConcurrency > MaxHostConcurrency {
		return &config.Error{
			Name:    "HOST_CONCURRENCY",
			Problem: "is " + strconv.Itoa(c.HostConcurrency) + ", want a whole number from 1 to " + strconv.Itoa(MaxHostConcurrency),
		}
	}
	if r := c.HostRate; r != 0 && !(r >= MinHostRate && r <= MaxHostRate) { // a NaN is neither
		return &config.Error{
			Name: "HOST_RATE",
			Problem: "is " + strconv.FormatFloat(r, 'g', -1, 64) + ", want calls a second from " +
				strconv.FormatFloat(MinHostRate, 'f', -1, 64) + " to " + strconv.Itoa(MaxHostRate) + ", or 0 for no limit",
		}
	}
	switch c.HostBreaker {
	case "", breakerOn, breakerOff:
		return nil
	}
	return &config.Error{Name: "HOST_BREAKER", Problem: "is " + setting.Quote(c.HostBreaker) + `, want "on" or "off"`}
}

// hosts share out the calls among the hosts.
func hosts(c Config, random core.Random, monitor monitors) *targets.Targets {
	slots := c.Concurrency
	if c.HostConcurrency >= slots {
		slots = 0 // one host may have all of them
	}
	return targets.New(targets.Config{
		Concurrency: c.HostConcurrency,
		Rate:        c.HostRate,
		Slots:       slots,
		NoBreaker:   c.HostBreaker == breakerOff,
		OnChange:    func(change targets.Change) { monitor.Target(change.Target, change.Open) },
	}, random)
}
