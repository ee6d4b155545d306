package natsjobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// Durable is the name of the consumer that all workers of a namespace share.
const Durable = "workers"

const (
	// AckWait is how long the server waits for an acknowledgement or an
	// extension before it gives the trigger to another worker.
	AckWait = 20 * time.Second

	// maxAckPending has to exceed the triggers that were handed back with a delay,
	// because those count as well: at the limit nothing new is delivered. See the
	// package comment.
	maxAckPending = 300_000

	apiTimeout = 5 * time.Second
)

// ErrSettings is returned for a consumer that exists with settings that would
// lose triggers or give them to two workers at once.
var ErrSettings = errors.New("settings do not fit")

func consumerConfig(names contract.Names, ackWait time.Duration) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:       Durable,
		Description:   "triggers for the workers",
		FilterSubject: names.Triggers(),
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       ackWait,
		MaxDeliver:    -1,
		MaxAckPending: maxAckPending,
		MaxWaiting:    4096,
	}
}

// ensure looks the consumer up, creates it when it is missing, and refuses one
// with settings that do not fit.
func (q *Queue) ensure(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	stream := q.names.TriggerStream()
	consumer, err := q.js.Consumer(ctx, stream, Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		consumer, err = q.js.CreateConsumer(ctx, stream, consumerConfig(q.names, q.ackWait))
		if errors.Is(err, jetstream.ErrConsumerExists) { // another made it, with other settings
			consumer, err = q.js.Consumer(ctx, stream, Durable)
		}
	}
	if err != nil {
		return fmt.Errorf("consumer %s of stream %s: %w", Durable, stream, err)
	}
	if err := checkConsumer(&consumer.CachedInfo().Config, q.names.Triggers(), q.ackWait); err != nil {
		return fmt.Errorf("consumer %s of stream %s: %w", Durable, stream, err)
	}
	return nil
}

func checkConsumer(c *jetstream.ConsumerConfig, filter string, ackWait time.Duration) error {
	switch {
	case c.FilterSubject != filter:
		return fmt.Errorf("%w: filter is %q, want %q", ErrSettings, c.FilterSubject, filter)
	case c.AckPolicy != jetstream.AckExplicitPolicy:
		return fmt.Errorf("%w: ack policy is %s, want explicit", ErrSettings, c.AckPolicy)
	case c.MaxDeliver != -1:
		return fmt.Errorf("%w: max deliver is %d, want -1: triggers must not be given up", ErrSettings, c.MaxDeliver)
	case c.AckWait < ackWait:
		return fmt.Errorf("%w: ack wait is %s, want at least %s: triggers would be run twice", ErrSettings, c.AckWait, ackWait)
	case len(c.BackOff) > 0:
		return fmt.Errorf("%w: backoff is set, want none: it replaces the ack wait", ErrSettings)
	}
	return nil
}
