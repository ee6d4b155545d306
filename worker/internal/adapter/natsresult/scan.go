package natsresult

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// found is what has been seen of an occurrence.
type found struct {
	occurrence string
	ended      bool
	attempt    int    // the highest; 0: none
	sequence   uint64 // of its record
}

// see takes in a record. It returns true when it is one of the occurrence that
// counts.
func (f *found) see(id string, sequence uint64) bool {
	attempt, end := core.Counts(id, f.occurrence)
	if attempt > f.attempt {
		f.attempt, f.sequence = attempt, sequence
	}
	f.ended = f.ended || end
	return end || attempt > 0
}

// progress reads the record of the last attempt, unless the occurrence has
// ended. last is a message that has been read already.
func (f *found) progress(ctx context.Context, stream jetstream.Stream, last *jetstream.RawStreamMsg) (p core.Progress, err error) {
	if p.Ended = f.ended; f.ended || f.attempt == 0 {
		return p, nil
	}
	if last.Sequence != f.sequence {
		if last, err = stream.GetMsg(ctx, f.sequence); err != nil {
			return p, err
		}
	}
	p.Last, err = contract.Decode[contract.Result](last.Data)
	return p, err
}

// scan looks through the record IDs of a subject, oldest first, by a consumer
// that lives as long as the scan. A final record ends it.
func scan(ctx context.Context, stream jetstream.Stream, subject string, since time.Time, f *found) error {
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
