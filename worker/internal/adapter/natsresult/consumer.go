package natsresult

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// scanByConsumer is scan by a consumer that lives as long as the scan.
func scanByConsumer(ctx context.Context, stream jetstream.Stream, subject string, since time.Time, last uint64, f *found) error {
	const batch, wait = 500, 2 * time.Second
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject: subject, DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since,
		AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true, MemoryStorage: true, Replicas: 1,
		InactiveThreshold: 10 * time.Second,
	})
	if err != nil {
		return err
	}
	info := consumer.CachedInfo()
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
		defer cancel()
		_ = stream.DeleteConsumer(after, info.Name) // else it ends by its inactivity
	}()
	for left := info.NumPending; left > 0 && !f.ended; {
		messages, err := consumer.Fetch(int(min(left, batch)), jetstream.FetchMaxWait(wait))
		if err != nil {
			return err
		}
		got, err := f.take(messages)
		if err != nil || ctx.Err() != nil || got == 0 {
			return errors.Join(err, context.Cause(ctx), incomplete(got))
		}
		left -= min(left, uint64(got)) //nolint:gosec // a count is never negative
	}
	if !f.ended && f.last < last {
		return errBehind
	}
	return nil
}

// take sees a batch of messages and returns how many they were.
func (f *found) take(batch jetstream.MessageBatch) (got int, err error) {
	for msg := range batch.Messages() {
		meta, err := msg.Metadata()
		if err != nil {
			return got, err
		}
		f.see(msg.Headers().Get(jetstream.MsgIDHeader), meta.Sequence.Stream)
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
