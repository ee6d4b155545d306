package core

import (
	"context"
	"errors"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Errors of what is asked for by hand.
var (
	// ErrNoSchedule: there is no schedule under the key.
	ErrNoSchedule = errors.New("schedule not found")
	// ErrNoLetter: there is no such dead letter.
	ErrNoLetter = errors.New("dead letter not found")
	// ErrUnusable: what is stored can never be run.
	ErrUnusable = errors.New("cannot be run")
)

// Schedules reads schedules one by one. It is safe for concurrent use, does not
// retry, and blocks until the store has answered or ctx ends.
type Schedules interface {
	// Latest returns the newest revision of a key, one that was stored before the
	// call at least. One that is Deleted or Bad is a revision like any other. The
	// error is ErrNoSchedule for a key that has none.
	Latest(ctx context.Context, key string) (Revision, error)
}

// Sender stores triggers one by one, beside the cursors and without moving them.
// It is safe for concurrent use, does not retry and keeps no argument.
type Sender interface {
	// Send stores a trigger. One whose ID was sent within the last two minutes is
	// dropped, without an error. ErrFull: the stream is full, nothing was stored.
	// After any other error it may be stored or not, and may be sent again.
	Send(ctx context.Context, t contract.Trigger) error
	// Waiting reports whether a trigger of t's mode, key and ID is in the queue and
	// was stored at or after since.
	Waiting(ctx context.Context, t contract.Trigger, since time.Time) (bool, error)
}

// Letter is a dead letter in its stream.
type Letter struct {
	Sequence uint64
	Stored   time.Time // server's timestamp
	Key      string    // from where it was stored
	Dead     contract.Dead
	Bad      error // why it cannot be read; nil when it can
}

// Letters is the stream of dead letters. It is safe for concurrent use, does not
// retry, and blocks until the stream has answered or ctx ends.
type Letters interface {
	// Next returns the first letter of a key (empty: of any) whose sequence is at
	// least the given one; ErrNoLetter when there is none. A letter that cannot be
	// read is Bad, not an error.
	Next(ctx context.Context, key string, sequence uint64) (Letter, error)
	// Last returns a sequence that no letter exceeds which was stored before the
	// call.
	Last(ctx context.Context) (uint64, error)
	// Remove removes a letter. One that is gone already is no error.
	Remove(ctx context.Context, sequence uint64) error
}
