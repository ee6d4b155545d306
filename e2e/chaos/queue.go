//go:build unix

package main

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/e2e/internal/oracle"
	"github.com/weplanx/workflow/shared/contract"
)

// queue takes the triggers, as a worker does, and remembers each by its
// sequence in the stream: the same sequence again is a redelivery, another
// sequence with the same ID would be a duplicate.
type queue struct {
	consumer jetstream.Consumer

	mu          sync.Mutex
	stored      map[uint64]oracle.Stored
	last        time.Time // when something new came
	redelivered int
	unreadable  int
}

// fetchAgain is the wait before a server that failed is asked again.
const fetchAgain = 50 * time.Millisecond

func newQueue(ctx context.Context, js jetstream.JetStream) (*queue, error) {
	q := &queue{stored: map[uint64]oracle.Stored{}, last: time.Now()}
	err := fleet.Await(ctx, time.Minute, "the consumer of triggers", func() (err error) {
		q.consumer, err = js.CreateOrUpdateConsumer(ctx, names.TriggerStream(), jetstream.ConsumerConfig{
			Durable: "ledger", FilterSubject: names.Triggers(), AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: 5 * time.Second, MaxAckPending: 20_000,
		})
		return err
	})
	return q, err
}

// drain takes triggers until ctx ends. It survives servers that are away.
func (q *queue) drain(ctx context.Context) {
	for ctx.Err() == nil {
		batch, err := q.consumer.Fetch(1000, jetstream.FetchMaxWait(time.Second))
		if err != nil {
			fleet.Pause(ctx, fetchAgain)
			continue
		}
		for msg := range batch.Messages() {
			q.take(msg)
		}
		if batch.Error() != nil {
			fleet.Pause(ctx, fetchAgain)
		}
	}
}

func (q *queue) take(msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		return
	}
	trigger, err := contract.Decode[contract.Trigger](msg.Data())
	q.mu.Lock()
	_, known := q.stored[meta.Sequence.Stream]
	switch {
	case err != nil:
		q.unreadable++
	case known:
		q.redelivered++
	default:
		trigger.Option = nil
		q.stored[meta.Sequence.Stream] = oracle.Stored{Seq: meta.Sequence.Stream, At: meta.Timestamp, Trigger: trigger}
		q.last = time.Now()
	}
	q.mu.Unlock()
	_ = msg.Ack() // one that is lost makes a redelivery
}

// all returns what was stored so far.
func (q *queue) all() []oracle.Stored {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]oracle.Stored, 0, len(q.stored))
	for _, s := range q.stored {
		all = append(all, s)
	}
	return all
}

// quiet returns for how long nothing new has come.
func (q *queue) quiet() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return time.Since(q.last)
}
