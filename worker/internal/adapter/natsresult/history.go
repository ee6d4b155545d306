package natsresult

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/weplanx/workflow/worker/internal/core"
)

// maxAge is after what time a history is read anew, whatever may have become of
// the stream meanwhile.
const maxAge = 5 * time.Minute

// history is what has been read of one key's records. It is kept for a while,
// because many occurrences of a key are looked up together, when a backlog is
// worked off or when they are tried again and again: each record is read once
// instead of once for each of them.
type history struct {
	subject string

	mu    sync.Mutex // held while records are read
	began time.Time
	since time.Time        // the oldest records that were read
	last  uint64           // sequence up to which they were; 0: none yet
	known map[string]found // by occurrence

	kept entry
}

// found is what is known of an occurrence.
type found struct {
	ended    bool
	attempt  int    // the highest; 0: none
	sequence uint64 // of its record
}

// saw is what is known after another record. ok: it is one that counts.
func (f found) saw(id, occurrence string, sequence uint64) (after found, ok bool) {
	attempt, end := core.Counts(id, occurrence)
	if attempt > f.attempt {
		f.attempt, f.sequence = attempt, sequence
	}
	f.ended = f.ended || end
	return f, end || attempt > 0
}

func (h *history) see(id string, sequence uint64) {
	h.last = max(h.last, sequence)
	occurrence, _, _ := strings.Cut(id, ".") // see core.RecordID
	if f, ok := h.known[occurrence].saw(id, occurrence, sequence); ok {
		h.known[strings.Clone(occurrence)] = f
	}
}

// find returns what the records since then, up to the sequence last, say of an
// occurrence.
func (h *history) find(ctx context.Context, l *Log, occurrence string, since time.Time, last uint64) (f found, size int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := time.Now(); h.known == nil || since.Before(h.since) || now.Sub(h.began) > maxAge {
		h.began, h.since, h.last, h.known = now, since, 0, map[string]found{}
	}
	if h.last < last {
		stream, err := l.lookUp(ctx)
		if err != nil {
			return f, len(h.known), err
		}
		if err := h.readOn(ctx, l.js.Conn(), stream, last); err != nil {
			return f, len(h.known), err
		}
	}
	return h.known[occurrence], len(h.known), nil
}
