package bench_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

func key(i int) string { return fmt.Sprintf("job%07d", i) }

// store stores n schedules of one job each, at most rate a second (0: as fast
// as it goes).
func (n *namespace) store(count, rate int, job func(i int) common.Job) {
	n.b.Helper()
	began := time.Now()
	for i := range count {
		value, err := contract.Encode(contract.Schedule{Jobs: []contract.Job{job(i)}})
		if err != nil {
			n.b.Fatal(err)
		}
		if rate > 0 {
			until(began.Add(time.Duration(i) * time.Second / time.Duration(rate)))
		}
		n.publish(&nats.Msg{Subject: n.names.BucketSubject(key(i)), Data: value})
	}
	n.flush()
}

// publish publishes asynchronously to a stream.
func (n *namespace) publish(msg *nats.Msg) {
	n.b.Helper()
	if _, err := n.js.PublishMsgAsync(msg, jetstream.WithStallWait(patience),
		jetstream.WithRetryAttempts(100), jetstream.WithRetryWait(20*time.Millisecond)); err != nil {
		n.b.Fatal(err)
	}
}

// flush waits until all that was published is acknowledged.
func (n *namespace) flush() {
	n.b.Helper()
	select {
	case <-n.js.PublishAsyncComplete():
	case <-time.After(patience):
		n.b.Fatalf("publishes are not acknowledged within %s", patience)
	}
}

// until blocks until t.
func until(t time.Time) { time.Sleep(time.Until(t)) }

// at is a job that fires once.
func at(due time.Time, url string) common.Job {
	return common.HttpJob("@at "+due.UTC().Format(time.RFC3339Nano), common.HttpOption{Url: url})
}

// every is a job that fires again and again.
func every(interval time.Duration, url string) common.Job {
	return common.HttpJob("@every "+interval.String(), common.HttpOption{Url: url})
}

// nowhere is a target that no worker is there to call.
const nowhere = "https://example.com/callback"

// stored is a message of a stream.
type stored struct {
	contract.Trigger
	At time.Time // the server's timestamp
}

func (s *stored) late() time.Duration { return s.At.Sub(s.Due) }

// read returns the triggers under a stream's subjects that match filter, in
// the order of storing, without taking them off.
func (n *namespace) read(stream, filter string) []stored {
	n.b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	consumer, err := n.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
		FilterSubject: filter, AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: -1,
	})
	if err != nil {
		n.b.Fatal(err)
	}
	defer func() { _ = n.js.DeleteConsumer(ctx, stream, consumer.CachedInfo().Name) }()
	all := make([]stored, 0, consumer.CachedInfo().NumPending)
	for len(all) < cap(all) {
		batch, err := consumer.Fetch(min(cap(all)-len(all), 1000), jetstream.FetchMaxWait(patience))
		if err != nil {
			n.b.Fatal(err)
		}
		for msg := range batch.Messages() {
			all = append(all, n.decode(msg))
		}
		if err := batch.Error(); err != nil && !errors.Is(err, nats.ErrNoResponders) { // it has no leader yet
			n.b.Fatal(err)
		}
	}
	return all
}

func (n *namespace) decode(msg jetstream.Msg) stored {
	n.b.Helper()
	trigger, err := contract.Decode[contract.Trigger](msg.Data())
	if err != nil {
		n.b.Fatal(err)
	}
	meta, err := msg.Metadata()
	if err != nil {
		n.b.Fatal(err)
	}
	return stored{trigger, meta.Timestamp}
}

// triggers returns the triggers of the namespace.
func (n *namespace) triggers() []stored { return n.read(n.names.TriggerStream(), n.names.Triggers()) }

// holds waits until a stream has so many messages, and as many more as have
// been removed.
func (n *namespace) holds(stream string, count int) {
	n.b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := n.js.Stream(ctx, stream)
	if err != nil {
		n.b.Fatal(err)
	}
	n.await(fmt.Sprintf("%d messages in %s", count, stream), func() bool {
		info, err := s.Info(ctx)
		return err == nil && info.State.Msgs >= uint64(count)
	})
	n.done = time.Now()
}
