package client

import (
	"errors"
	"fmt"

	"github.com/weplanx/workflow/shared/contract"
)

// Errors that callers may want to tell apart, with errors.Is.
var (
	// ErrNotFound says that there is no schedule under the key: it never was
	// stored, or it was removed.
	ErrNotFound = errors.New("schedule not found")

	// ErrInvalid says that an argument cannot be used. errors.As finds a
	// *FieldError that names the field.
	ErrInvalid = errors.New("invalid")

	// ErrConflict is returned by SetRevision and RemoveRevision when the
	// schedule has another revision by now. Read it again and decide anew.
	// Other calls never return it: they retry.
	ErrConflict = errors.New("schedule was changed meanwhile")

	// ErrExists is returned by SetRevision with revision 0 when the key has a
	// schedule already.
	ErrExists = errors.New("schedule exists already")

	// ErrBadEntry says that what is stored under the key cannot be used, so
	// that none of its jobs is fired. errors.As finds a *BadEntryError. Set and
	// Remove repair it.
	ErrBadEntry = errors.New("bad entry")

	// ErrNoScheduler says that no scheduler answers, so that nothing can be run by
	// hand or sent again: none runs, or none of a version that knows how.
	ErrNoScheduler = errors.New("no scheduler answers")

	// ErrFull says that the trigger stream is full: more is published than workers
	// run. Nothing was stored.
	ErrFull = errors.New("the trigger stream is full")

	// ErrNoLetter says that there is no such dead letter: it was dropped or sent
	// again, has expired, or never was.
	ErrNoLetter = errors.New("dead letter not found")

	// ErrUnusable says that a dead letter cannot be sent again, because its trigger
	// cannot be read or run.
	ErrUnusable = errors.New("dead letter cannot be sent again")

	// ErrNoNamespace is returned by New with [WithoutCreating] when nothing was
	// ever stored in the namespace.
	ErrNoNamespace = errors.New("namespace has no bucket of schedules")
)

// FieldError says which field is wrong and what it wants. Field is for example
// "key" or "jobs[0].spec".
type FieldError = contract.FieldError

// BadEntryError is a stored value that cannot be used.
type BadEntryError struct {
	Key      string
	Revision uint64
	Reason   error // says which field is wrong, or that the value is malformed
}

func (e *BadEntryError) Error() string {
	return fmt.Sprintf("bad entry %q (revision %d): %v", e.Key, e.Revision, e.Reason)
}

// Is makes errors.Is(err, ErrBadEntry) hold.
func (e *BadEntryError) Is(target error) bool { return target == ErrBadEntry }

// Unwrap returns Reason.
func (e *BadEntryError) Unwrap() error { return e.Reason }

// invalidError is ErrInvalid and the *FieldError at once.
type invalidError struct{ field *FieldError }

func (e *invalidError) Error() string { return e.field.Error() }

func (e *invalidError) Is(target error) bool { return target == ErrInvalid }

func (e *invalidError) Unwrap() error { return e.field }

// invalid marks the *FieldError in err, which may be nil, as ErrInvalid.
func invalid(err error) error {
	var field *FieldError
	if errors.As(err, &field) {
		return &invalidError{field}
	}
	return err
}

func refuse(field, problem string) error {
	return &invalidError{&FieldError{Field: field, Problem: problem}}
}
