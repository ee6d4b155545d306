package contract

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
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

// ManualPrefix begins the IDs of occurrences that somebody asked for: no planned
// one has a "-" in its ID.
const ManualPrefix = "run-"

// ManualID names the run of one job that somebody asked for by request. The same
// request has the same ID, so that asking again does not run the job twice. It
// is ManualPrefix and 32 lower-case hexadecimal digits.
func ManualID(namespace, key string, index int, request string) string {
	h := sha256.New()
	for _, part := range []string{namespace, key, strconv.Itoa(index), request} {
		h.Write([]byte(part))
		h.Write([]byte{0}) // none but the last can contain one
	}
	return ManualPrefix + hex.EncodeToString(h.Sum(nil)[:16])
}

// MaxIDLength is how many characters the ID of an occurrence may have. They are
// A-Z a-z 0-9 _ and -: an ID goes into headers and into the IDs of records, in
// which a dot separates.
const MaxIDLength = 64

// AgainID names the occurrence that repeats another one: its ID, "-" and a number
// that counts up with each time the occurrence is sent again. origin is the ID
// of the first one, id that of the latest. Empty: it would be too long.
func AgainID(origin, id string) string {
	text, _ := strings.CutPrefix(id, origin+"-")
	last, err := strconv.ParseUint(text, 10, 31)
	if err != nil || text == id {
		last = 0 // it was not sent again yet
	}
	again := origin + "-" + strconv.FormatUint(last+1, 10)
	if len(again) > MaxIDLength {
		return ""
	}
	return again
}
