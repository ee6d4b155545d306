// Package logmon writes what a worker does to the log. Its field names are
// stable, and told of in docs/logs.md.
package logmon

import (
	"time"

	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Monitor is core.Monitor on logrus.
type Monitor struct{ log *logrus.Logger }

// New makes a monitor.
func New(log *logrus.Logger) *Monitor { return &Monitor{log: log} }

// Started logs the begin of an attempt, without its option.
func (m *Monitor) Started(c core.Call) {
	if !m.log.IsLevelEnabled(logrus.DebugLevel) {
		return
	}
	m.log.WithFields(logrus.Fields{"id": c.ID, "key": c.Key, "index": c.Index, "mode": c.Mode, "attempt": c.Attempt}).
		Debug("attempt started")
}

// Recorded logs a record: final ones that are no success and missed occurrences
// at warning, everything else at debug. A success is in the log stream; as a line each
// it would bury what is worth reading, and cost a tenth of a callback.
func (m *Monitor) Recorded(r contract.Result) {
	level, text := logrus.DebugLevel, "occurrence finished"
	switch {
	case r.Kind == contract.KindAttempt:
		text = "attempt finished"
	case r.Kind == contract.KindMissed:
		level, text = logrus.WarnLevel, "occurrences missed"
	case r.Outcome != contract.OutcomeSuccess:
		level = logrus.WarnLevel
	}
	if m.log.IsLevelEnabled(level) {
		m.log.WithFields(fields(r)).Log(level, text)
	}
}

func fields(r contract.Result) logrus.Fields {
	f := logrus.Fields{"id": r.ID, "key": r.Key, "index": r.Index, "outcome": r.Outcome}
	set := func(name string, value any, known bool) {
		if known {
			f[name] = value
		}
	}
	set("trace_id", r.TraceID, r.TraceID != "" && r.TraceID != r.ID)
	set("mode", r.Mode, r.Mode != "")
	set("scheduled", r.Scheduled.Format(time.RFC3339Nano), !r.Scheduled.IsZero())
	set("attempt", r.Attempt, r.Attempt != 0)
	set("status", r.Status, r.Status != 0)
	set("error_class", r.ErrorClass, r.ErrorClass != "")
	set("error", r.Error, r.Error != "")
	set("took_ms", r.Finished.Sub(r.Started).Milliseconds(), !r.Started.IsZero())
	set("late_ms", r.Started.Sub(r.Due).Milliseconds(), !r.Started.IsZero() && !r.Due.IsZero())
	set("count", r.Count, r.Count != 0)
	set("reason", r.Reason, r.Reason != "")
	return f
}

// Returned logs that a trigger was handed back.
func (m *Monitor) Returned(id, key, reason string, delay time.Duration) {
	level := logrus.InfoLevel
	if reason == core.ReasonBusy { // thousands of them while a host is down; that it is was told once
		level = logrus.DebugLevel
	}
	m.log.WithFields(logrus.Fields{"id": id, "key": key, "reason": reason, "delay_ms": delay.Milliseconds()}).
		Log(level, "trigger handed back")
}

// Trouble logs a failure.
func (m *Monitor) Trouble(t core.Trouble) {
	m.log.WithFields(logrus.Fields{"doing": t.Doing, "id": t.ID, "key": t.Key, "error": t.Err.Error()}).
		Warn("worker in trouble")
}

// Target logs that calls of a target are put off because it fails, or are made
// again.
func (m *Monitor) Target(name string, open bool) {
	log := m.log.WithField("target", name)
	if open {
		log.Warn("target fails, its calls are put off")
		return
	}
	log.Info("target answers again")
}
