package mem

import (
	"context"
	"sync"
	"time"

	"github.com/weplanx/workflow/worker/internal/core"
)

// Targets is core.Targets in memory: it admits every call, or does as it is
// told, and keeps what it was told of those that ended.
type Targets struct {
	// Refuse says after what time a call is to ask again; 0 admits it. It may
	// block until ctx ends. It is not asked about the empty target. Nil: every
	// call is admitted.
	Refuse func(ctx context.Context, target string) time.Duration

	mu     sync.Mutex
	inside map[string]int
	ended  []Ended
}

// Ended is a call that has ended.
type Ended struct {
	Target string
	Answer core.Answer
}

// Enter implements core.Targets.
func (t *Targets) Enter(ctx context.Context, target string) (done func(core.Answer), again time.Duration) {
	if target != "" && t.Refuse != nil {
		again = t.Refuse(ctx, target)
	}
	switch {
	case ctx.Err() != nil:
		return nil, 0
	case again > 0:
		return nil, again
	}
	t.count(target, 1)
	var once sync.Once
	return func(a core.Answer) { once.Do(func() { t.end(target, a) }) }, 0
}

func (t *Targets) count(target string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inside == nil {
		t.inside = map[string]int{}
	}
	t.inside[target] += n
}

func (t *Targets) end(target string, a core.Answer) {
	t.count(target, -1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = append(t.ended, Ended{target, a})
}

// Inside is how many calls of a target have been admitted and have not ended.
func (t *Targets) Inside(target string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.inside[target]
}

// Ended returns the calls that have ended, in their order.
func (t *Targets) Ended() []Ended {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Ended(nil), t.ended...)
}
