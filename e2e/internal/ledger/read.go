package ledger

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Reader reads a stream from where it stopped before, so that it can go on
// after the server was away.
type Reader struct {
	Stream string
	// Read is called with each message, once.
	Read func(jetstream.Msg) error

	next uint64
}

// Poll reads what the stream holds now and returns.
func (r *Reader) Poll(ctx context.Context, js jetstream.JetStream) error {
	stream, err := js.Stream(ctx, r.Stream)
	if err != nil {
		return fmt.Errorf("stream %s: %w", r.Stream, err)
	}
	last := stream.CachedInfo().State.LastSeq
	if stream.CachedInfo().State.Msgs == 0 || r.next > last {
		return nil
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:   max(r.next, 1),
	})
	if err != nil {
		return fmt.Errorf("consumer of %s: %w", r.Stream, err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return fmt.Errorf("messages of %s: %w", r.Stream, err)
	}
	defer messages.Stop()
	for r.next <= last {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("next message of %s: %w", r.Stream, err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("message of %s: %w", r.Stream, err)
		}
		if err := r.Read(msg); err != nil {
			return err
		}
		r.next = meta.Sequence.Stream + 1
	}
	return nil
}
