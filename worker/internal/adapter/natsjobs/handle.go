package natsjobs

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// handle settles one delivery. Answers are not waited for: one that is lost
// has the trigger delivered again, and the result log says then that it was run.
type handle struct {
	nc    *nats.Conn
	reply string
}

func (h *handle) Ack() error { return h.nc.Publish(h.reply, []byte("+ACK")) }

func (h *handle) Extend() error { return h.nc.Publish(h.reply, []byte("+WPI")) }

// Retry with a delay is durable in JetStream; a plain -NAK is at once.
func (h *handle) Retry(delay time.Duration) error {
	if delay <= 0 {
		return h.nc.Publish(h.reply, []byte("-NAK"))
	}
	return h.nc.Publish(h.reply, fmt.Appendf(nil, `-NAK {"delay": %d}`, delay.Nanoseconds()))
}
