package bench_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// How the bare batches are published: as the scheduler does it, which has eight
// partitions, each with one batch in flight.
const (
	batchSize    = 500
	batchStreams = 8
)

// herd returns the trigger messages of count occurrences that are due at once,
// byte for byte like the scheduler's.
func (n *namespace) herd(count int, due time.Time) []*nats.Msg {
	n.b.Helper()
	msgs := make([]*nats.Msg, count)
	job := at(due, nowhere)
	for i := range msgs {
		data, err := contract.Encode(contract.Trigger{
			ID: contract.OccurrenceID(string(n.names), key(i), 0, due), Key: key(i), Mode: job.Mode,
			Scheduled: due.UTC(), Due: due.UTC(), Revision: uint64(i + 1), Option: job.Option,
		})
		if err != nil {
			n.b.Fatal(err)
		}
		msgs[i] = &nats.Msg{Subject: n.names.Trigger(job.Mode, key(i)), Header: nats.Header{}, Data: data}
	}
	return msgs
}

// native stores the messages with a native message schedule (ADR-51) and
// returns what the server made of them.
func (n *namespace) native(msgs []*nats.Msg, due time.Time) []stored {
	n.b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stream := string(n.names) + "_native"
	_, err := n.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: stream, Subjects: []string{stream + ".>"}, Replicas: n.site.replicas, AllowMsgSchedules: true,
	})
	if err != nil {
		n.b.Fatal(err)
	}
	defer func() { _ = n.js.DeleteStream(ctx, stream) }()
	n.led(stream)
	for i, msg := range msgs {
		scheduled := nats.NewMsg(stream + ".schedules." + key(i))
		scheduled.Data = msg.Data
		scheduled.Header.Set("Nats-Schedule", "@at "+due.UTC().Format(time.RFC3339Nano))
		scheduled.Header.Set("Nats-Schedule-Target", stream+".fired."+key(i))
		n.publish(scheduled)
	}
	n.flush()
	until(due)
	n.fired(stream, len(msgs))
	return n.read(stream, stream+".fired.>")
}

// fired waits until the server has replaced all scheduled messages.
func (n *namespace) fired(stream string, count int) {
	n.b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := n.js.Stream(ctx, stream)
	if err != nil {
		n.b.Fatal(err)
	}
	n.await("the native schedules have fired", func() bool {
		info, err := s.Info(ctx)
		return err == nil && info.State.LastSeq >= 2*uint64(count)
	})
	n.done = time.Now()
}

// batches publishes the messages when they are due, as atomic batches without
// cursor or fence: what the scheduler's commits cost at least.
func (n *namespace) batches(msgs []*nats.Msg, due time.Time) {
	n.b.Helper()
	share := (len(msgs) + batchStreams - 1) / batchStreams
	var publishing sync.WaitGroup
	until(due)
	for first := 0; first < len(msgs); first += share {
		publishing.Go(func() {
			mine := msgs[first:min(first+share, len(msgs))]
			for len(mine) > 0 {
				size := min(len(mine), batchSize)
				if err := commit(n.nc, mine[:size]); err != nil {
					n.b.Errorf("batch: %v", err)
					return
				}
				mine = mine[size:]
			}
		})
	}
	publishing.Wait()
	n.done = time.Now()
}

// commit publishes one atomic batch (ADR-50).
func commit(nc *nats.Conn, msgs []*nats.Msg) error {
	id, last := rand.Text(), len(msgs)-1
	for i, msg := range msgs {
		msg.Header.Set("Nats-Batch-Id", id)
		msg.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
		if i == last {
			break
		}
		if err := nc.PublishMsg(msg); err != nil {
			return err
		}
	}
	msgs[last].Header.Set("Nats-Batch-Commit", "1")
	reply, err := nc.RequestMsg(msgs[last], patience)
	if err != nil {
		return err
	}
	var answer struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return err
	}
	if answer.Error != nil {
		return answer.Error
	}
	return nil
}

// async publishes the messages when they are due, each by itself and without
// any guard: the limit of what the server takes without batches.
func (n *namespace) async(msgs []*nats.Msg, due time.Time) {
	n.b.Helper()
	until(due)
	for _, msg := range msgs {
		n.publish(msg)
	}
	n.flush()
	n.done = time.Now()
}
