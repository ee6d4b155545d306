package natsio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// drainTimeout bounds waiting for what is on its way when ctx ends.
const drainTimeout = 2 * time.Second

// Receive subscribes to a subject as a member of a queue group and calls sink,
// from the goroutine of its caller, for each message until ctx ends. Then it ends
// the interest in further messages, passes on those that came before, and returns
// nil. The subscription survives reconnects; what is published meanwhile is lost.
// An error says that the subscription has ended, or that it has lost what exceeded
// the limits that nats.go has for one (nats.ErrSlowConsumer).
func Receive(ctx context.Context, nc *nats.Conn, subject, queue string, sink func(*nats.Msg)) error {
	sub, err := nc.QueueSubscribeSync(subject, queue)
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	for {
		msg, err := sub.NextMsgWithContext(ctx)
		switch {
		case err == nil:
			sink(msg)
		case ctx.Err() != nil:
			drain(sub, sink)
			return nil
		case errors.Is(err, nats.ErrSlowConsumer):
			return fmt.Errorf("subscription to %s: messages were lost: %w", subject, err)
		default:
			return fmt.Errorf("subscription to %s: %w", subject, err)
		}
	}
}

// drain ends the interest in further messages and passes on those that came.
func drain(sub *nats.Subscription, sink func(*nats.Msg)) {
	if err := sub.Drain(); err != nil {
		return // the connection is closed
	}
	for {
		msg, err := sub.NextMsg(drainTimeout)
		if err != nil {
			return // nothing is left, or the server is away
		}
		sink(msg)
	}
}
