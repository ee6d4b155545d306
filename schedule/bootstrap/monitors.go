package bootstrap

import (
	"github.com/weplanx/workflow/schedule/internal/adapter/logmon"
	"github.com/weplanx/workflow/schedule/internal/adapter/prommon"
	"github.com/weplanx/workflow/schedule/internal/core"
)

// counter is what counts for the node. It is made once and outlives its parts:
// counters go on when the number of partitions changes.
func (c *Config) counter() *prommon.Monitor {
	if c.counts == nil {
		c.counts = prommon.New(c.Namespace, Version(c.Version))
	}
	return c.counts
}

// monitors tells what it hears to the log and to the metrics.
type monitors struct {
	log    *logmon.Monitor
	counts *prommon.Monitor
}

var _ core.Monitor = monitors{}

// BadEntry implements core.Monitor.
func (m monitors) BadEntry(key string, revision uint64, reason error) {
	m.log.BadEntry(key, revision, reason)
	m.counts.BadEntry(key, revision, reason)
}

// Committed implements core.Monitor.
func (m monitors) Committed(c core.Committed) {
	m.log.Committed(c)
	m.counts.Committed(c)
}

// NotCommitted implements core.Monitor.
func (m monitors) NotCommitted(partition int, err error) {
	m.log.NotCommitted(partition, err)
	m.counts.NotCommitted(partition, err)
}

// Owned implements core.Monitor.
func (m monitors) Owned(partitions []int, nodes []string) {
	m.log.Owned(partitions, nodes)
	m.counts.Owned(partitions, nodes)
}

// Loading implements core.Monitor.
func (m monitors) Loading(schedules int, done bool) {
	m.log.Loading(schedules, done)
	m.counts.Loading(schedules, done)
}

// Trouble implements core.Monitor.
func (m monitors) Trouble(doing string, partition int, err error) {
	m.log.Trouble(doing, partition, err)
	m.counts.Trouble(doing, partition, err)
}
