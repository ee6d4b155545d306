package natsresult

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// found is what has been seen of an occurrence.
type found struct {
	occurrence string
	ended      bool
	attempt    int    // the highest; 0: none
	sequence   uint64 // of its record
}

// see takes in a record. It returns true when it is one of the occurrence that
// counts.
func (f *found) see(id string, sequence uint64) bool {
	attempt, end := core.Counts(id, f.occurrence)
	if attempt > f.attempt {
		f.attempt, f.sequence = attempt, sequence
	}
	f.ended = f.ended || end
	return end || attempt > 0
}

// progress reads the record of the last attempt, unless the occurrence has
// ended. last is a message that has been read already.
func (f *found) progress(ctx context.Context, stream jetstream.Stream, last *jetstream.RawStreamMsg) (p core.Progress, err error) {
	if p.Ended = f.ended; f.ended || f.attempt == 0 {
		return p, nil
	}
	if last.Sequence != f.sequence {
		if last, err = stream.GetMsg(ctx, f.sequence); err != nil {
			return p, err
		}
	}
	p.Last, err = contract.Decode[contract.Result](last.Data)
	return p, err
}

// scan looks through the record IDs of a subject, oldest first. A final record
// ends it.
func scan(ctx context.Context, nc *nats.Conn, stream jetstream.Stream, subject string, since time.Time, f *found) error {
	if !stream.CachedInfo().Config.AllowDirect { // ours has it: somebody else made this one
		return scanByConsumer(ctx, stream, subject, since, f)
	}
	next := request{Subject: subject, Since: &since, Batch: pageSize, MaxBytes: pageBytes}
	for !f.ended {
		left, err := readPage(ctx, nc, stream.CachedInfo().Config.Name, &next, f)
		if err != nil || left == 0 {
			return err
		}
	}
	return nil
}
