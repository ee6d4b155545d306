package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// Entry is a stored schedule.
type Entry struct {
	Key      string
	Revision uint64    // grows with every change in the namespace
	Stored   time.Time // the server's timestamp of the revision
	Anchor   time.Time // "@every" counts from here; zero when Bad
	Paused   bool
	Jobs     []common.Job // with their State
	Bad      error        // *BadEntryError when the value cannot be used; Jobs is empty then
}

// stored is a value of the bucket. The zero revision means that the key never
// had one.
type stored struct {
	key      string
	revision uint64
	time     time.Time
	deleted  bool
	data     []byte

	schedule contract.Schedule // decoded, when bad is nil
	bad      error
}

// exists reports whether there is a schedule, good or bad.
func (v *stored) exists() bool { return v.revision != 0 && !v.deleted }

// decode reads the value as schedulers do.
func (v *stored) decode() {
	if !v.exists() {
		return
	}
	schedule, err := contract.Decode[contract.Schedule](v.data)
	if err == nil {
		err = schedule.Check(spec.Check)
	}
	if err == nil {
		err = contract.CheckKey(v.key)
	}
	if err != nil {
		v.bad = &BadEntryError{Key: v.key, Revision: v.revision, Reason: err}
		return
	}
	v.schedule = schedule
}

// entry translates a value; cursor, which may be nil, is that of its partition.
func (v *stored) entry(namespace string, cursor *contract.Cursor, now time.Time) Entry {
	e := Entry{Key: v.key, Revision: v.revision, Stored: v.time, Bad: v.bad}
	if v.bad != nil || !v.exists() {
		return e
	}
	e.Anchor, e.Paused, e.Jobs = v.schedule.AnchorOr(v.time), v.schedule.Paused, v.schedule.Jobs
	for i := range e.Jobs {
		e.Jobs[i].State = v.state(namespace, i, cursor, now)
	}
	return e
}

// read gets the newest value of a key from the stream's leader, so that a
// program reads what it has written. A key without one is no error.
func (s *Schedule) read(ctx context.Context, key string) (*stored, error) {
	if err := contract.CheckKey(key); err != nil {
		return s.stray(ctx, key, err)
	}
	stream := s.names.BucketStream()
	what := fmt.Sprintf("read schedule %q", key)
	msg, err := query(ctx, s, what, "MSG.GET."+stream, func(ctx context.Context) (*nats.RawStreamMsg, error) {
		return s.js.GetLastMsg(stream, s.names.BucketSubject(key), nats.Context(ctx))
	})
	if errors.Is(err, nats.ErrMsgNotFound) {
		return &stored{key: key}, nil
	}
	if err != nil {
		return nil, err
	}
	v := &stored{key: key, revision: msg.Sequence, time: msg.Time.UTC(), data: msg.Data}
	if msg.Header != nil {
		operation := msg.Header.Get("KV-Operation")
		v.deleted = operation == "DEL" || operation == "PURGE"
	}
	v.decode()
	return v, nil
}

// Entry returns a schedule with its revision, for SetRevision. The errors are
// those of Get; with ErrBadEntry the entry has its Revision and Stored time.
func (s *Schedule) Entry(key string) (Entry, error) {
	ctx, cancel := s.plain()
	defer cancel()
	return s.EntryContext(ctx, key)
}

// EntryContext is Entry with a context.
func (s *Schedule) EntryContext(ctx context.Context, key string) (Entry, error) {
	v, err := s.read(ctx, key)
	if err != nil {
		return Entry{Key: key}, err
	}
	if !v.exists() {
		return Entry{Key: key}, notFound(key)
	}
	if v.bad != nil {
		return v.entry(s.Namespace(), nil, s.now()), v.bad
	}
	cursor, err := s.cursor(ctx, key)
	if err != nil {
		return Entry{Key: key}, err
	}
	return v.entry(s.Namespace(), cursor, s.now()), nil
}

// Get returns the jobs of a schedule, each with its State. The error is
// ErrNotFound for a key without a schedule, ErrBadEntry for one whose value
// cannot be used.
func (s *Schedule) Get(key string) (jobs []common.Job, err error) {
	ctx, cancel := s.plain()
	defer cancel()
	return s.GetContext(ctx, key)
}

// GetContext is Get with a context.
func (s *Schedule) GetContext(ctx context.Context, key string) (jobs []common.Job, err error) {
	e, err := s.EntryContext(ctx, key)
	return e.Jobs, err
}

func notFound(key string) error { return fmt.Errorf("%w: %q", ErrNotFound, key) }
