package natsresult

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	behindTries = 10 // of reading on where a server is behind the leader
	behindPause = 20 * time.Millisecond
)

// errBehind is returned when the records that were read do not include one that
// the leader has.
var errBehind = errors.New("the server that was asked does not have all records yet")

// readOn reads the records of the subject that have come since the last time, up
// to the sequence last at least.
func (h *history) readOn(ctx context.Context, nc *nats.Conn, stream jetstream.Stream, last uint64) error {
	config := &stream.CachedInfo().Config
	for behind := 0; h.last < last; {
		left, err := h.read(ctx, nc, stream, config)
		switch {
		case err != nil:
			return err
		case left > 0 || h.last >= last:
		case behind == behindTries:
			return errBehind
		default: // another server may answer next
			behind++
			if err := pause(ctx, behindPause); err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads some of them, oldest first, and returns how many are left.
func (h *history) read(ctx context.Context, nc *nats.Conn, stream jetstream.Stream, config *jetstream.StreamConfig) (left uint64, err error) {
	if !config.AllowDirect { // ours has it: somebody else made this one
		return 0, h.consume(ctx, stream)
	}
	r := request{Subject: h.subject, Batch: pageSize, MaxBytes: pageBytes}
	if h.last > 0 {
		r.Sequence = h.last + 1
	} else {
		r.Since = &h.since
	}
	return readPage(ctx, nc, config.Name, r, h.see)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
