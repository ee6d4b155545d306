package contract

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// OccurrenceID names one nominal fire time of one job. It depends on nothing
// but its arguments, so every node computes the same one, and a schedule that
// is stored again keeps the IDs of its occurrences. It is 32 lower-case
// hexadecimal digits (128 bits of SHA-256).
func OccurrenceID(namespace, key string, index int, nominal time.Time) string {
	h := sha256.New()
	h.Write([]byte(namespace))
	h.Write([]byte{0})
	h.Write([]byte(key))
	var tail [17]byte                                   // a zero byte ends the key, which cannot contain one
	binary.BigEndian.PutUint64(tail[1:], uint64(index)) //nolint:gosec // an index is never negative
	binary.BigEndian.PutUint64(tail[9:], uint64(nominal.UnixNano()))
	h.Write(tail[:])
	return hex.EncodeToString(h.Sum(nil)[:16])
}
