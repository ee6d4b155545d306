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

// cursors reads the cursors that one call needs, each once.
type cursors struct {
	s     *Schedule
	count int                      // of partitions; 0: no scheduler has ever run
	read  map[int]*contract.Cursor // by partition; nil: there is none yet
}

func (s *Schedule) cursors(ctx context.Context) (*cursors, error) {
	count, err := s.partitionCount(ctx)
	return &cursors{s: s, count: count, read: map[int]*contract.Cursor{}}, err
}

// maxChanges is how often in one call the number of partitions may turn out to
// be another one.
const maxChanges = 8

// of returns the cursor of the key's partition; nil when there is none yet. How
// many partitions there are is what the cursors say: what was read before, and
// the stream's metadata, may be older than a change of their number.
func (c *cursors) of(ctx context.Context, key string) (*contract.Cursor, error) {
	for range maxChanges {
		if c.count == 0 {
			return nil, nil
		}
		cursor, err := c.partition(ctx, contract.Partition(key, c.count))
		if err != nil || cursor == nil || cursor.Partitions < 1 || cursor.Partitions == c.count {
			return cursor, err
		}
		c.count, c.read = cursor.Partitions, map[int]*contract.Cursor{}
		c.s.partitions.Store(&partitions{count: c.count, read: c.s.now()})
	}
	return nil, fmt.Errorf("read the cursor of %q: the number of partitions keeps changing", key)
}

func (c *cursors) partition(ctx context.Context, p int) (*contract.Cursor, error) {
	if cursor, ok := c.read[p]; ok {
		return cursor, nil
	}
	cursor, err := c.s.partitionCursor(ctx, p)
	if err == nil {
		c.read[p] = cursor
	}
	return cursor, err
}

// cursor returns the cursor of the key's partition; nil when there is none yet.
func (s *Schedule) cursor(ctx context.Context, key string) (*contract.Cursor, error) {
	c, err := s.cursors(ctx)
	if err != nil {
		return nil, err
	}
	return c.of(ctx, key)
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
