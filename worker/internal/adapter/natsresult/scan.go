package natsresult

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/worker/internal/core"
)

// found is what has been seen of an occurrence.
type found struct {
	occurrence string
	ended      bool
	attempt    int    // the highest; 0: none
	sequence   uint64 // of its record
	last       uint64 // of any record that was looked at
}

// see takes in a record. It returns true when it is one of the occurrence that
// counts.
func (f *found) see(id string, sequence uint64) bool {
	attempt, end := core.Counts(id, f.occurrence)
	if attempt > f.attempt {
		f.attempt, f.sequence = attempt, sequence
	}
	f.ended = f.ended || end
	f.last = max(f.last, sequence)
	return end || attempt > 0
}

const (
	behindTries = 10 // of reading on where a server is behind the leader
	behindPause = 20 * time.Millisecond
)

// scan looks through the record IDs of a subject, oldest first, up to the
// sequence last at least. An end ends it.
func scan(ctx context.Context, nc *nats.Conn, stream jetstream.Stream, subject string, since time.Time, last uint64, f *found) error {
	f.last = 0
	if !stream.CachedInfo().Config.AllowDirect { // ours has it: somebody else made this one
		return scanByConsumer(ctx, stream, subject, since, last, f)
	}
	next := request{Subject: subject, Since: &since, Batch: pageSize, MaxBytes: pageBytes}
	for behind := 0; !f.ended && f.last < last; {
		left, err := readPage(ctx, nc, stream.CachedInfo().Config.Name, &next, f)
		switch {
		case err != nil:
			return err
		case left > 0 || f.last >= last:
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

// errBehind is returned when the records that were read do not include one that
// the leader has.
var errBehind = errors.New("the server that was asked does not have all records yet")

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
