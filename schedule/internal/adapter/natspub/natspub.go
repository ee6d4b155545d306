// Package natspub stores triggers and cursors in a JetStream stream, by atomic
// batches (ADR-50). It is the core.Publisher of a running scheduler; beside that
// it sends single triggers, core.Sender, and reads and removes those that have
// died, core.Letters.
package natspub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
)

// Publisher is a core.Publisher on the namespace's trigger stream.
type Publisher struct {
	nc    *nats.Conn
	names contract.Names
	flow  *flow
}

// New returns a publisher. The trigger stream must exist.
func New(nc *nats.Conn, names contract.Names) *Publisher {
	return &Publisher{nc: nc, names: names, flow: newFlow()}
}

// Headers of JetStream.
const (
	headerExpected = "Nats-Expected-Last-Subject-Sequence"
	headerStream   = "Nats-Expected-Stream"
	headerRollup   = "Nats-Rollup"
	headerTTL      = "Nats-TTL"
)

// setupPatience is how long one try to set cursors up, or to replace them, may
// take.
const setupPatience = 5 * time.Second

// Setup stores the first cursors of a namespace, all or none. It does nothing
// when they are there, because another node was faster, and tries again until
// they are or ctx ends; onRetry gets the error before.
func (p *Publisher) Setup(ctx context.Context, partitions int, at time.Time, onRetry func(error)) error {
	for {
		err := p.setup(ctx, partitions, at)
		if err == nil {
			return nil
		}
		onRetry(err)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}

func (p *Publisher) setup(ctx context.Context, partitions int, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, setupPatience)
	defer cancel()
	if _, _, err := p.Load(ctx, partitions-1); !errors.Is(err, core.ErrNoCursor) {
		return err
	}
	msgs := make([]*nats.Msg, partitions)
	for i := range msgs {
		msg, err := p.cursor(i, 0, contract.Cursor{Due: at.UTC(), Partitions: partitions})
		if err != nil {
			return err
		}
		msgs[i] = msg
	}
	if _, err := commit(ctx, p.nc, msgs); err != nil {
		return fmt.Errorf("set up cursors: %w", translate(err))
	}
	return nil
}

// Commit implements core.Publisher. The cursor is the batch's last message, so
// the sequence of the acknowledgement is its own: the new fence.
func (p *Publisher) Commit(ctx context.Context, partition int, fence core.Fence, step core.Step) (core.Fence, error) {
	triggers := make([]nats.Msg, len(step.Triggers))
	msgs := make([]*nats.Msg, 0, len(triggers)+1)
	for i := range triggers {
		data, err := encoded(&step, i)
		if err != nil {
			return 0, err
		}
		t := &step.Triggers[i]
		triggers[i].Subject, triggers[i].Data = p.names.Trigger(t.Mode, t.Key), data
		msgs = append(msgs, &triggers[i])
	}
	cursor, err := p.cursor(partition, fence, step.Cursor)
	if err != nil {
		return 0, err
	}
	leave, err := p.flow.enter(ctx, len(msgs)+1)
	if err != nil {
		return 0, err
	}
	defer leave()
	seq, err := commit(ctx, p.nc, append(msgs, cursor))
	return core.Fence(seq), translate(err)
}

// encoded returns a trigger's encoding, made ahead of time or now.
func encoded(step *core.Step, i int) ([]byte, error) {
	if i < len(step.Encoded) && step.Encoded[i] != nil {
		return step.Encoded[i], nil
	}
	data, err := contract.Encode(step.Triggers[i])
	if err != nil {
		return nil, fmt.Errorf("encode trigger of %q: %w", step.Triggers[i].Key, err)
	}
	return data, nil
}

// cursor makes the message that moves a partition's cursor on from fence. The
// rollup removes the cursor before it; no limit of age removes it.
func (p *Publisher) cursor(partition int, fence core.Fence, c contract.Cursor) (*nats.Msg, error) {
	data, err := contract.Encode(c)
	if err != nil {
		return nil, fmt.Errorf("encode cursor: %w", err)
	}
	msg := &nats.Msg{Subject: p.names.Cursor(partition), Header: nats.Header{}, Data: data}
	msg.Header.Set(headerExpected, fmt.Sprint(uint64(fence)))
	msg.Header.Set(headerStream, p.names.TriggerStream())
	msg.Header.Set(headerRollup, "sub")
	msg.Header.Set(headerTTL, "never")
	return msg, nil
}

// Load implements core.Publisher. It asks the stream's leader: a direct get may
// be answered by a replica that lags behind.
func (p *Publisher) Load(ctx context.Context, partition int) (contract.Cursor, core.Fence, error) {
	msg, err := get(ctx, p.nc, p.names.TriggerStream(), natsio.Query{Last: p.names.Cursor(partition)})
	if err != nil {
		return contract.Cursor{}, 0, fmt.Errorf("read cursor %d of stream %s: %w", partition, p.names.TriggerStream(), err)
	}
	cursor, err := contract.Decode[contract.Cursor](msg.Data)
	if err != nil {
		return contract.Cursor{}, 0, fmt.Errorf("read cursor %d: %w", partition, err)
	}
	return cursor, core.Fence(msg.Sequence), nil
}
