package mem

import (
	"context"
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Log is core.ResultLog in memory.
type Log struct {
	mu      sync.Mutex
	records []stored
	ids     map[string]time.Time // when they were stored last
	refuse  error
}

type stored struct {
	contract.Result
	at time.Time
}

// window is for how long a second record of the same ID is dropped.
const window = 2 * time.Minute

// NewLog makes an empty log.
func NewLog() *Log { return &Log{ids: map[string]time.Time{}} }

// Refuse has every call fail with err, as when the stream is full, until it is
// called with nil.
func (l *Log) Refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = err
}

// Records returns what was stored, oldest first.
func (l *Log) Records() (list []contract.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, stored := range l.records {
		list = append(list, stored.Result)
	}
	return list
}

// Append implements core.ResultLog.
func (l *Log) Append(ctx context.Context, records ...contract.Result) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refused(ctx); err != nil {
		return err
	}
	now := time.Now()
	for _, record := range records {
		id := core.RecordID(record)
		if at, again := l.ids[id]; !again || now.Sub(at) > window {
			l.ids[id] = now
			l.records = append(l.records, stored{record, now})
		}
	}
	return nil
}

// Progress implements core.ResultLog.
func (l *Log) Progress(ctx context.Context, key, occurrence string, since time.Time) (p core.Progress, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refused(ctx); err != nil {
		return p, err
	}
	for _, stored := range l.records {
		if stored.Key != key || stored.at.Before(since) {
			continue
		}
		attempt, end := core.Counts(core.RecordID(stored.Result), occurrence)
		p.Ended = p.Ended || end
		if attempt > p.Last.Attempt {
			p.Last = stored.Result
		}
	}
	return p, nil
}

func (l *Log) refused(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return l.refuse
}
