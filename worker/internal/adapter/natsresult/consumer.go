package natsresult

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// consume reads what is left of the records by a consumer that lives no longer.
func (h *history) consume(ctx context.Context, stream jetstream.Stream) error {
	const batch, wait = 500, 2 * time.Second
	config := jetstream.ConsumerConfig{
		FilterSubject: h.subject, DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &h.since,
		AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true, MemoryStorage: true, Replicas: 1,
		InactiveThreshold: 10 * time.Second,
	}
	if h.last > 0 {
		config.DeliverPolicy, config.OptStartTime, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, nil, h.last+1
	}
	consumer, err := stream.CreateConsumer(ctx, config)
	if err != nil {
		return err
	}
	info := consumer.CachedInfo()
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
		defer cancel()
		_ = stream.DeleteConsumer(after, info.Name) // else it ends by its inactivity
	}()
	for left := info.NumPending; left > 0; {
		messages, err := consumer.Fetch(int(min(left, batch)), jetstream.FetchMaxWait(wait))
		if err != nil {
			return err
		}
		got, err := h.take(messages)
		if err != nil || ctx.Err() != nil || got == 0 {
			return errors.Join(err, context.Cause(ctx), incomplete(got))
		}
		left -= min(left, uint64(got)) //nolint:gosec // a count is never negative
	}
	return nil
}

// take sees a batch of messages and returns how many they were.
func (h *history) take(batch jetstream.MessageBatch) (got int, err error) {
	for msg := range batch.Messages() {
		meta, err := msg.Metadata()
		if err != nil {
			return got, err
		}
		h.see(msg.Headers().Get(jetstream.MsgIDHeader), meta.Sequence.Stream)
		got++
	}
	return got, batch.Error()
}

func incomplete(got int) error {
	if got > 0 {
		return nil
	}
	return errors.New("the records did not come in time")
}
