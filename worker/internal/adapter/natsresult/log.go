// Package natsresult is the log stream of results on JetStream.
package natsresult

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Log is core.ResultLog on JetStream.
type Log struct {
	js    jetstream.JetStream
	names contract.Names
}

// New makes a log. It asks the server for nothing.
func New(js jetstream.JetStream, names contract.Names) *Log {
	return &Log{js: js, names: names}
}

// Append implements core.ResultLog: the record's ID is its Nats-Msg-Id, which
// the stream remembers for its duplicate window.
func (l *Log) Append(ctx context.Context, id string, record contract.Result) error {
	data, err := contract.Encode(record)
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	_, err = l.js.Publish(ctx, l.names.Result(record.Key), data, jetstream.WithMsgID(id),
		jetstream.WithExpectStream(l.names.ResultStream()))
	if err != nil {
		return fmt.Errorf("publish to stream %s: %w", l.names.ResultStream(), err)
	}
	return nil
}

// Final implements core.ResultLog. Mostly the key's last record decides, which
// is one cheap request: there is none, it is older than since, or it is the one
// that is looked for. Only otherwise are the records since then read through,
// without their bodies.
func (l *Log) Final(ctx context.Context, key, occurrence string, since time.Time) (bool, error) {
	stream, err := l.js.Stream(ctx, l.names.ResultStream())
	if err != nil {
		return false, l.failed(err)
	}
	subject := l.names.Result(key)
	last, err := stream.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return false, nil
	case err != nil:
		return false, l.failed(err)
	case last.Time.Before(since):
		return false, nil
	}
	want := core.RecordID(contract.Result{Kind: contract.KindFinal, ID: occurrence})
	if last.Header.Get(jetstream.MsgIDHeader) == want {
		return true, nil
	}
	found, err := scan(ctx, stream, subject, since, func(id string) bool { return id == want })
	if err != nil {
		return false, l.failed(err)
	}
	return found, nil
}

func (l *Log) failed(err error) error {
	return fmt.Errorf("read stream %s: %w", l.names.ResultStream(), err)
}

// scan looks through the record IDs of a subject, oldest first, by a consumer
// that lives as long as the scan.
func scan(ctx context.Context, stream jetstream.Stream, subject string, since time.Time, is func(id string) bool) (bool, error) {
	const batch, wait = 500, 2 * time.Second
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject: subject, DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since,
		AckPolicy: jetstream.AckNonePolicy, HeadersOnly: true, MemoryStorage: true, Replicas: 1,
		InactiveThreshold: 10 * time.Second,
	})
	if err != nil {
		return false, err
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
			return false, err
		}
		got := 0
		for msg := range messages.Messages() {
			if is(msg.Headers().Get(jetstream.MsgIDHeader)) {
				return true, nil
			}
			got++
		}
		if err := messages.Error(); err != nil || ctx.Err() != nil || got == 0 {
			return false, errors.Join(err, context.Cause(ctx), incomplete(got))
		}
		left -= min(left, uint64(got))
	}
	return false, nil
}

func incomplete(got int) error {
	if got > 0 {
		return nil
	}
	return errors.New("the records did not come in time")
}
