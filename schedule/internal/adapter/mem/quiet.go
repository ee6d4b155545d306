package mem

import (
	"context"
	"fmt"
	"sync"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// Recorder is a core.Recorder in memory.
type Recorder struct {
	mu      sync.Mutex
	records []contract.Result
}

var _ core.Recorder = (*Recorder)(nil)

// Record implements core.Recorder.
func (r *Recorder) Record(_ context.Context, result contract.Result) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, old := range r.records {
		if old.Kind == result.Kind && old.ID == result.ID {
			return nil
		}
	}
	r.records = append(r.records, result)
	return nil
}

// Records returns what was recorded.
func (r *Recorder) Records() []contract.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]contract.Result(nil), r.records...)
}

// Monitor is a core.Monitor that remembers.
type Monitor struct {
	mu       sync.Mutex
	bad      []string
	troubles []string
}

var _ core.Monitor = (*Monitor)(nil)

// BadEntry implements core.Monitor.
func (m *Monitor) BadEntry(key string, _ uint64, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bad = append(m.bad, key)
}

// Committed implements core.Monitor.
func (m *Monitor) Committed(core.Committed) {}

// NotCommitted implements core.Monitor.
func (m *Monitor) NotCommitted(int, error) {}

// Owned implements core.Monitor.
func (m *Monitor) Owned([]int, []string) {}

// Loading implements core.Monitor.
func (m *Monitor) Loading(int, bool) {}

// Trouble implements core.Monitor.
func (m *Monitor) Trouble(doing string, partition int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.troubles = append(m.troubles, fmt.Sprintf("%s (partition %d): %v", doing, partition, err))
}

// Bad returns the keys of the bad entries it heard of.
func (m *Monitor) Bad() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.bad...)
}

// Troubles returns what it heard of failures.
func (m *Monitor) Troubles() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.troubles...)
}
