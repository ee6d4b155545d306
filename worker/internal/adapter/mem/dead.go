package mem

import (
	"context"
	"sync"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Dead is core.DeadLetters in memory.
type Dead struct {
	mu      sync.Mutex
	letters []contract.Dead
	ids     map[string]time.Time // when they were kept last
	refuse  error
}

// deadWindow is for how long a second letter of the same occurrence is dropped.
const deadWindow = time.Hour

// NewDead has no letters.
func NewDead() *Dead { return &Dead{ids: map[string]time.Time{}} }

// Refuse has every call fail with err, until it is called with nil.
func (d *Dead) Refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = err
}

// Letters returns what was kept, oldest first.
func (d *Dead) Letters() []contract.Dead {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]contract.Dead(nil), d.letters...)
}

// Put implements core.DeadLetters.
func (d *Dead) Put(ctx context.Context, letter contract.Dead) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d.refuse != nil {
		return d.refuse
	}
	if at, again := d.ids[letter.ID]; !again || time.Since(at) > deadWindow {
		d.ids[letter.ID] = time.Now()
		d.letters = append(d.letters, letter)
	}
	return nil
}
