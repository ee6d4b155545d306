package natsjobs

import (
	"context"
	"fmt"
)

// Depth is how much waits in a queue.
type Depth struct {
	Pending        uint64 // triggers that were not handed out yet
	Unacknowledged uint64 // triggers in the hands of workers, or handed back to come again later
	Bytes          uint64 // of the stream that keeps them
	MaxBytes       uint64 // that the stream may have before it refuses triggers; 0: no limit
}

// Depth asks the server. It is meant for once in some seconds.
func (q *Queue) Depth(ctx context.Context) (Depth, error) {
	consumer, err := q.js.Consumer(ctx, q.names.TriggerStream(), Durable)
	if err != nil {
		return Depth{}, fmt.Errorf("consumer %s of stream %s: %w", Durable, q.names.TriggerStream(), err)
	}
	stream, err := q.js.Stream(ctx, q.names.TriggerStream())
	if err != nil {
		return Depth{}, fmt.Errorf("stream %s: %w", q.names.TriggerStream(), err)
	}
	c, s := consumer.CachedInfo(), stream.CachedInfo()
	return Depth{
		Pending:        c.NumPending,
		Unacknowledged: uint64(max(c.NumAckPending, 0)),
		Bytes:          s.State.Bytes,
		MaxBytes:       uint64(max(s.Config.MaxBytes, 0)),
	}, nil
}
