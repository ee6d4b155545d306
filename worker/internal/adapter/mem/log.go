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
	records []contract.Result
	ids     map[string]time.Time // when they were stored
	refuse  error
}

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
func (l *Log) Records() []contract.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]contract.Result(nil), l.records...)
}

// Append implements core.ResultLog.
func (l *Log) Append(ctx context.Context, id string, record contract.Result) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refused(ctx); err != nil {
		return err
	}
	if _, again := l.ids[id]; !again {
		l.ids[id] = time.Now()
		l.records = append(l.records, record)
	}
	return nil
}

// Final implements core.ResultLog.
func (l *Log) Final(ctx context.Context, key, occurrence string, since time.Time) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refused(ctx); err != nil {
		return false, err
	}
	for _, r := range l.records {
		if r.Kind == contract.KindFinal && r.Key == key && r.ID == occurrence && !l.ids[core.RecordID(r)].Before(since) {
			return true, nil
		}
	}
	return false, nil
}

func (l *Log) refused(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return l.refuse
}
