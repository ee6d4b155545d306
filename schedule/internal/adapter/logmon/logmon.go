// Package logmon tells people what a scheduler does, by structured logs. It is
// the core.Monitor of a running scheduler. Its field names are stable, and told of
// in docs/logs.md.
package logmon

import (
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/schedule/internal/core"
)

// quiet is how long the same trouble is not repeated.
const quiet = 10 * time.Second

// Monitor is a core.Monitor on a logger.
type Monitor struct {
	log *logrus.Entry
	now func() time.Time

	mu   sync.Mutex
	told map[trouble]time.Time
}

type trouble struct {
	doing     string
	partition int
}

var _ core.Monitor = (*Monitor)(nil)

// New returns a monitor that logs for one node of a namespace. now is the clock
// by which repetitions are left out.
func New(log *logrus.Logger, namespace, node string, now func() time.Time) *Monitor {
	return &Monitor{
		now:  now,
		log:  log.WithFields(logrus.Fields{"namespace": namespace, "node": node}),
		told: map[trouble]time.Time{},
	}
}

// BadEntry implements core.Monitor.
func (m *Monitor) BadEntry(key string, revision uint64, reason error) {
	m.log.WithFields(logrus.Fields{"key": key, "revision": revision}).WithError(reason).Warn("bad entry")
}

// Committed implements core.Monitor.
func (m *Monitor) Committed(c core.Committed) {
	m.log.WithFields(logrus.Fields{
		"partition": c.Partition, "triggers": len(c.Triggers), "due": c.Due.Format(time.RFC3339Nano), "took": c.Took.String(),
	}).Debug("committed")
}

// NotCommitted implements core.Monitor. What should be known is a trouble as well.
func (m *Monitor) NotCommitted(partition int, err error) {
	m.log.WithField("partition", partition).WithError(err).Debug("not committed")
}

// Owned implements core.Monitor.
func (m *Monitor) Owned(partitions []int, nodes []string) {
	m.log.WithFields(logrus.Fields{"partitions": partitions, "nodes": nodes}).Info("ownership changed")
}

// Loading implements core.Monitor.
func (m *Monitor) Loading(schedules int, done bool) {
	text := "loading schedules"
	if done {
		text = "schedules loaded"
	}
	m.log.WithField("schedules", schedules).Info(text)
}

// Trouble implements core.Monitor. The same trouble is logged once in ten
// seconds; what failed is tried several times a second.
func (m *Monitor) Trouble(doing string, partition int, err error) {
	what := trouble{doing, partition}
	m.mu.Lock()
	now := m.now()
	repeated := now.Sub(m.told[what]) < quiet
	if !repeated {
		m.told[what] = now
	}
	m.mu.Unlock()
	if repeated {
		return
	}
	entry := m.log.WithField("doing", doing).WithError(err)
	if partition >= 0 {
		entry = entry.WithField("partition", partition)
	}
	entry.Error("failed, trying again")
}
