package natsconn

import (
	"time"

	"github.com/nats-io/nats.go"
	"github.com/sirupsen/logrus"
)

// LostAfter is lostAfter, for tests.
const LostAfter = lostAfter

// HasMajority is hasMajority, for tests.
var HasMajority = hasMajority

// Stayer is what Stay runs, one look at a time.
type Stayer struct{ *stay }

// NewStayer does not look by itself. It waits for answers for longer than Stay.
func NewStayer(nc *nats.Conn, stream string, log *logrus.Logger) Stayer {
	return Stayer{&stay{nc: nc, stream: stream, log: log, timeout: 3 * time.Second}}
}

// Look is one look, at a time of the test's.
func (s Stayer) Look(now time.Time) { s.look(now) }
