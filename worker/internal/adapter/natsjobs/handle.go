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

// atOnce is the delay for what is wanted at once: only an acknowledgement with
// a delay is stored, and a trigger that is handed back without one is delivered
// after the ack wait when the server stops or its leader changes meanwhile.
const atOnce = time.Millisecond

// Retry is durable in JetStream.
func (h *handle) Retry(delay time.Duration) error {
	return h.nc.Publish(h.reply, fmt.Appendf(nil, `-NAK {"delay": %d}`, max(delay, atOnce).Nanoseconds()))
}
