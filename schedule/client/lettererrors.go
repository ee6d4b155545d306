package client

import "strings"

// LetterError says why something could not be done to one dead letter: Err is
// ErrNoLetter, ErrUnusable, ErrFull, or the outcome is not known.
type LetterError struct {
	Sequence uint64
	Err      error
}

func (e *LetterError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *LetterError) Unwrap() error { return e.Err }

// LetterErrors are the errors of a call about several dead letters. errors.As
// finds them, errors.Is what is in any of them.
type LetterErrors []*LetterError

func (e LetterErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap returns all of them.
func (e LetterErrors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}

// or returns the errors, or nil when there are none.
func (e LetterErrors) or() error {
	if len(e) == 0 {
		return nil
	}
	return e
}
