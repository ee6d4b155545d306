package core

import (
	"context"
	"errors"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Errors of a Publisher. Anything else it returns means that the outcome of the
// call is not known: a commit may or may not be stored.
var (
	// ErrFenced: another node has moved the cursor; nothing was stored.
	ErrFenced = errors.New("another scheduler has moved the cursor")
	// ErrFull: the trigger stream is full; nothing was stored.
	ErrFull = errors.New("the trigger stream is full")
	// ErrBusy: the server is still working on a commit that may be ours, so
	// its outcome is not known yet. Back off, then load the cursor.
	ErrBusy = errors.New("a commit is still in process")
	// ErrNoCursor: the partition has no cursor although the namespace is set
	// up. Only an operator can say where it should stand.
	ErrNoCursor = errors.New("the cursor is missing")
)

// ErrVanished is returned by a JobStore that does not have what its watch has
// reported, as after a purge of the bucket's stream.
var ErrVanished = errors.New("schedules vanished from the bucket without delete markers")

// Fence identifies the cursor that a commit replaces.
type Fence uint64

// Publisher stores triggers and cursors. It is safe for concurrent use by
// different partitions; each partition has at most one call in flight. It does
// not retry and keeps no argument. Calls block for at most a few seconds.
type Publisher interface {
	// Load reads a partition's cursor from the stream's leader.
	Load(ctx context.Context, partition int) (contract.Cursor, Fence, error)
	// Commit stores the triggers and the cursor, all or none, if the
	// partition's cursor is still the one that fence names, and returns the
	// new cursor's fence.
	Commit(ctx context.Context, partition int, fence Fence, step Step) (Fence, error)
}

// Change is one thing that a JobStore reports. Exactly one of Revision,
// Heartbeat and Synced is set.
type Change struct {
	Stored    time.Time // server's timestamp
	Revision  *Revision
	Heartbeat *contract.Heartbeat
	Synced    bool // everything that was stored when the watch began has been reported
}

// Entry is a revision as it is stored, not decoded yet.
type Entry struct {
	Key     string
	Number  uint64
	Stored  time.Time
	Deleted bool
	Value   []byte
}

// Revision decodes the entry.
func (e *Entry) Revision() Revision {
	if e.Deleted {
		return Revision{Key: e.Key, Number: e.Number, Stored: e.Stored, Deleted: true}
	}
	return NewRevision(e.Key, e.Number, e.Stored, e.Value)
}

// JobStore holds the schedules and, in the same order of writing, the
// heartbeats of the schedulers. It is safe for concurrent use.
type JobStore interface {
	// Watch reports the newest revision of every key and every heartbeat,
	// then Synced once, then each change as it is stored, in that order, one
	// call at a time. A value that cannot be used is a Change like any other
	// and never ends the watch. It blocks until ctx ends or the watch is lost,
	// in which case the caller watches anew.
	Watch(ctx context.Context, report func(Change)) error
	// History reports, in the order of writing and one call at a time, every
	// stored revision of a key, or of every key when key is empty. It returns
	// once it has got to a revision or heartbeat that it was asked for and whose
	// number is until or more: a copy of the store that lags behind is waited
	// for. It returns ErrVanished when that does not come, and for a key that
	// contract.CheckKey refuses. What it reports is valid during the call.
	History(ctx context.Context, key string, until uint64, report func(Entry)) error
	// Extent returns the number of the oldest revision or heartbeat that is
	// still stored, and how many there are. A newest revision of a key that is
	// older has vanished.
	Extent(ctx context.Context) (oldest, count uint64, err error)
	// Beat stores a heartbeat.
	Beat(ctx context.Context, beat contract.Heartbeat) error
}

// Recorder appends to the log stream. It is safe for concurrent use. A record
// of the same kind and ID is stored once within the stream's window of
// duplicates. Calls block for at most a few seconds; the caller does not retry.
type Recorder interface {
	Record(ctx context.Context, r contract.Result) error
}

// Monitor hears what happens. Its methods are called from many goroutines and
// must not block.
type Monitor interface {
	// BadEntry: a stored schedule cannot be used and is left out.
	BadEntry(key string, revision uint64, reason error)
	// Committed: a step was stored.
	Committed(c Committed)
	// NotCommitted: a step was not stored (ErrFenced, ErrFull), or it is not
	// known whether it was. It is planned anew. Unless another node was faster
	// the same failure follows as a Trouble.
	NotCommitted(partition int, err error)
	// Owned: the node now tries to publish for these partitions.
	Owned(partitions []int, nodes []string)
	// Loading: so many schedules have been read so far; done when it is all.
	Loading(schedules int, done bool)
	// Trouble: something failed and will be tried again. Partition is −1 where
	// it concerns none.
	Trouble(doing string, partition int, err error)
}

// Committed describes a stored step.
type Committed struct {
	Partition int
	Triggers  []contract.Trigger // not to be kept or changed
	Due       time.Time          // the cursor's due time
	Stored    time.Time          // when the answer came, by this node's clock
	Took      time.Duration      // of the commit
}
