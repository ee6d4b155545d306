package bench_test

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// keys of a backlog's triggers.
const backlogKeys = 100

// trigger is the i-th of a trial, as a scheduler stores it, of a job that calls
// url and has that timeout (0: the default).
func (n *namespace) trigger(i int, due time.Time, url string, timeout time.Duration) *nats.Msg {
	n.b.Helper()
	job, name := at(due, url), key(i%backlogKeys)
	nominal := due.Add(time.Duration(i)) // no two have the same
	data, err := contract.Encode(contract.Trigger{
		ID: contract.OccurrenceID(string(n.names), name, 0, nominal), Key: name, Mode: job.Mode,
		Scheduled: nominal.UTC(), Due: due.UTC(), Revision: 1, Option: job.Option, Timeout: contract.Duration(timeout),
	})
	if err != nil {
		n.b.Fatal(err)
	}
	return &nats.Msg{Subject: n.names.Trigger(job.Mode, name), Data: data}
}

// backlog stores count triggers that are due.
func (n *namespace) backlog(count int, due time.Time, url string, timeout time.Duration) {
	n.b.Helper()
	for i := range count {
		n.publish(n.trigger(i, due, url, timeout))
	}
	n.flush()
}

// drained waits until no trigger is left, and returns when that was.
func (n *namespace) drained() time.Time {
	n.b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stream, err := n.js.Stream(ctx, n.names.TriggerStream())
	if err != nil {
		n.b.Fatal(err)
	}
	n.await("the backlog is worked off", func() bool {
		until(time.Now().Add(10 * time.Millisecond))
		info, err := stream.Info(ctx)
		return err == nil && info.State.Msgs == 0
	})
	return time.Now()
}

// records is how many the log stream holds.
func (n *namespace) records() int {
	n.b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stream, err := n.js.Stream(ctx, n.names.ResultStream())
	if err != nil {
		n.b.Fatal(err)
	}
	return int(stream.CachedInfo().State.Msgs)
}

// pullConsumer is a work queue's consumer such as the workers'.
func (n *namespace) pullConsumer(ctx context.Context) jetstream.Consumer {
	n.b.Helper()
	consumer, err := n.js.CreateConsumer(ctx, n.names.TriggerStream(), jetstream.ConsumerConfig{
		Durable: "ideal", FilterSubject: n.names.Triggers(), AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: patience, MaxAckPending: 100_000,
	})
	if err != nil {
		n.b.Fatal(err)
	}
	return consumer
}
