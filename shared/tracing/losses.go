package tracing

import (
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

// quiet is how long the log is told of nothing more that was lost.
const quiet = time.Minute

// losses tells the log of spans that were lost.
type losses struct {
	log *logrus.Logger
	now func() time.Time

	mu   sync.Mutex
	lost int // since it was told
	told time.Time
}

func (l *losses) add(spans int, reason string) {
	l.mu.Lock()
	l.lost += spans
	lost, now := l.lost, l.now()
	silent := !l.told.IsZero() && now.Sub(l.told) < quiet
	if !silent {
		l.lost, l.told = 0, now
	}
	l.mu.Unlock()
	if !silent {
		l.log.WithFields(logrus.Fields{"count": lost, "reason": reason}).Warn("spans of traces were lost")
	}
}
