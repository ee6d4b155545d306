package mem

import (
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Monitor is core.Monitor in memory: it keeps the troubles and what was handed
// back.
type Monitor struct {
	mu       sync.Mutex
	troubles []core.Trouble
	returned []Returned
}

// Returned is a trigger that was handed back.
type Returned struct {
	ID, Key, Reason string
	Delay           time.Duration
}

// Started does nothing.
func (*Monitor) Started(core.Call) {}

// Recorded does nothing: the log has the records.
func (*Monitor) Recorded(contract.Result) {}

// Returned keeps what it is told.
func (m *Monitor) Returned(id, key, reason string, delay time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.returned = append(m.returned, Returned{id, key, reason, delay})
}

// Trouble keeps what it is told.
func (m *Monitor) Trouble(t core.Trouble) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.troubles = append(m.troubles, t)
}

// Troubles returns what has failed so far.
func (m *Monitor) Troubles() []core.Trouble {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]core.Trouble(nil), m.troubles...)
}

// HandedBack returns what was handed back so far.
func (m *Monitor) HandedBack() []Returned {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Returned(nil), m.returned...)
}
