package core

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// maxID is how long an occurrence's ID may be; ours have 32 digits.
const maxID = 64

// read decodes a delivery and refuses what cannot be run or recorded. modes
// are those that can be executed. The error wraps contract.ErrNewer when
// another worker may understand it; any other error is for good. The trigger
// that comes with an error has the fields that could be read.
func read(d Delivery, modes Executors) (contract.Trigger, error) {
	t, err := contract.Decode[contract.Trigger](d.Data)
	if err != nil {
		return t, err
	}
	return t, check(&t, d.Key, modes)
}

func check(t *contract.Trigger, key string, modes Executors) error {
	bad := func(field, problem string) error { return &contract.FieldError{Field: field, Problem: problem} }
	switch {
	case !isID(t.ID):
		return bad("id", "want 1 to 64 characters of A-Z a-z 0-9 _ -")
	case t.Key != key:
		return bad("key", "is not the one of the trigger's subject")
	case contract.CheckKey(key) != nil:
		return contract.CheckKey(key)
	case t.Index < 0:
		return bad("index", "is negative")
	case t.Mode == contract.ModeMissed:
		return checkMissed(t)
	case modes[t.Mode] == nil:
		return bad("mode", "is "+strconv.QuoteToASCII(cut(t.Mode))+", which this worker does not know")
	case t.Scheduled.IsZero() || !writable(t.Scheduled):
		return bad("scheduled", "want a time")
	case t.Due.IsZero() || !writable(t.Due):
		return bad("due", "want a time")
	case t.Origin != "" && !isID(t.Origin):
		return bad("origin", "want 1 to 64 characters of A-Z a-z 0-9 _ -")
	}
	return t.CheckRun()
}

func checkMissed(t *contract.Trigger) error {
	m := t.Missed
	if m == nil || m.Count < 1 || !writable(m.From) || !writable(m.To) || !writable(t.Scheduled) {
		return &contract.FieldError{Field: "missed", Problem: "want from, to and a count of at least 1"}
	}
	return nil
}

// writable: a time that was read may, in UTC, fall outside the years that JSON
// can express; a record with it could never be stored.
func writable(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1 && year <= 9999
}

// timeout is the limit of one attempt.
func timeout(t *contract.Trigger) time.Duration {
	if t.Timeout > 0 {
		return time.Duration(t.Timeout)
	}
	return contract.DefaultTimeout
}

// attempts is how many there may be.
func attempts(t *contract.Trigger) int {
	if t.Attempts > 0 {
		return t.Attempts
	}
	return contract.DefaultAttempts
}

// deadline is how long after it was due the first attempt may start.
func deadline(t *contract.Trigger) time.Duration {
	if t.Deadline > 0 {
		return time.Duration(t.Deadline)
	}
	return contract.DefaultDeadline
}

// poisonID names a trigger that has no usable ID, the same on every delivery.
func poisonID(d Delivery) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "poison\x00%s\x00%d", d.Key, d.Sequence))
	return hex.EncodeToString(sum[:16])
}

// isID: an ID goes into headers and record IDs, where a dot separates.
func isID(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alnum && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxID
}

// cut shortens text that someone else chose.
func cut(s string) string {
	const limit = 64
	if len(s) > limit {
		s = s[:limit]
	}
	return strings.ToValidUTF8(s, "")
}
