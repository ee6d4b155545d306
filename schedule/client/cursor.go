package client

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// partitionsKey, in the metadata of the trigger stream, is how many partitions
// the namespace has.
const partitionsKey = "partitions"

// partitionsFor is how long the number of partitions, which changes rarely if
// ever, is taken for known.
const partitionsFor = 10 * time.Second

// partitions is a number of partitions that was read at an instant.
type partitions struct {
	count int
	read  time.Time
}

// partitionCount returns 0 when no scheduler has ever run in the namespace.
func (s *Schedule) partitionCount(ctx context.Context) (int, error) {
	if known := s.partitions.Load(); known != nil && s.now().Sub(known.read) < partitionsFor {
		return known.count, nil
	}
	info, err := s.streamInfo(ctx, "look up the trigger stream", s.names.TriggerStream())
	if errors.Is(err, nats.ErrStreamNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(info.Config.Metadata[partitionsKey])
	if err != nil || n < 1 {
		return 0, fmt.Errorf("stream %s: its metadata names no number of partitions", s.names.TriggerStream())
	}
	s.partitions.Store(&partitions{count: n, read: s.now()})
	return n, nil
}

// cursor returns the cursor of the key's partition; nil when there is none yet.
func (s *Schedule) cursor(ctx context.Context, key string) (*contract.Cursor, error) {
	count, err := s.partitionCount(ctx)
	if err != nil || count == 0 {
		return nil, err
	}
	return s.partitionCursor(ctx, contract.Partition(key, count))
}

// partitionCursor reads by subject, from any replica: a permission can then be
// limited to cursors, which tell nothing but times and keys, and a follower is
// late by no more than milliseconds.
func (s *Schedule) partitionCursor(ctx context.Context, partition int) (*contract.Cursor, error) {
	subject := s.names.Cursor(partition)
	what := fmt.Sprintf("read cursor %d", partition)
	msg, err := query(ctx, s, what, subject, func(ctx context.Context) (*nats.RawStreamMsg, error) {
		return s.js.GetLastMsg(s.names.TriggerStream(), subject, nats.DirectGet(), nats.Context(ctx))
	})
	if errors.Is(err, nats.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := contract.Decode[contract.Cursor](msg.Data)
	if err != nil {
		return nil, explain(what, err)
	}
	return &c, nil
}
