// Package logging makes the logger of all programs, so that their lines look
// alike: text for people in mode debug, JSON for machines in mode release.
package logging

import (
	"io"
	"time"

	"github.com/sirupsen/logrus"
)

// New returns a logger that writes to w. Mode "release" writes JSON from level
// info, everything else text from level debug. Times are RFC 3339 with
// nanoseconds, UTC, under "time"; the level is "level", the text "msg".
func New(mode string, w io.Writer) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(w)
	log.AddHook(utc{})
	if mode == "release" {
		log.SetLevel(logrus.InfoLevel)
		log.SetFormatter(&logrus.JSONFormatter{TimestampFormat: time.RFC3339Nano})
		return log
	}
	log.SetLevel(logrus.DebugLevel)
	log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, TimestampFormat: time.RFC3339Nano})
	return log
}

// Discard returns a logger that writes nothing.
func Discard() *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	log.SetLevel(logrus.PanicLevel)
	return log
}

// utc is a hook that moves an entry's time to UTC.
type utc struct{}

func (utc) Levels() []logrus.Level { return logrus.AllLevels }

func (utc) Fire(e *logrus.Entry) error {
	e.Time = e.Time.UTC()
	return nil
}
