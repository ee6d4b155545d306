package mem

import (
	"context"
	"sync"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// Publisher is a core.Publisher in memory.
type Publisher struct {
	mu       sync.Mutex
	seq      core.Fence
	cursors  map[int]placed
	stored   []contract.Trigger
	commits  int
	refused  int
	onCommit func(partition int, step core.Step) (before, after error)
}

type placed struct {
	cursor contract.Cursor
	fence  core.Fence
}

var _ core.Publisher = (*Publisher)(nil)

// NewPublisher returns a publisher whose partitions stand at cursor.
func NewPublisher(partitions int, cursor contract.Cursor) *Publisher {
	p := &Publisher{cursors: map[int]placed{}}
	for i := range partitions {
		p.seq++
		p.cursors[i] = placed{cursor, p.seq}
	}
	return p
}

// Stored returns all triggers in the order in which they were stored.
func (p *Publisher) Stored() []contract.Trigger {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]contract.Trigger(nil), p.stored...)
}

// Commits returns how many commits were stored.
func (p *Publisher) Commits() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.commits
}

// Refused returns how many commits a fence refused.
func (p *Publisher) Refused() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

// Repartition changes the number of partitions.
func (p *Publisher) Repartition(count int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cursors := make([]contract.Cursor, len(p.cursors))
	for i, at := range p.cursors {
		cursors[i] = at.cursor
	}
	changed, err := core.Repartition(cursors, count)
	for i, cursor := range changed {
		p.seq++
		p.cursors[i] = placed{cursor, p.seq}
	}
	return err
}

// Lose removes a partition's cursor.
func (p *Publisher) Lose(partition int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.cursors, partition)
}

// OnCommit has f asked before each commit from now on, one at a time. What it
// returns becomes the commit's outcome: before is returned without storing
// anything, after once everything is stored (an outcome the caller cannot
// know).
func (p *Publisher) OnCommit(f func(partition int, step core.Step) (before, after error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onCommit = f
}

// Load implements core.Publisher.
func (p *Publisher) Load(_ context.Context, partition int) (contract.Cursor, core.Fence, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.cursors[partition]
	if !ok {
		return contract.Cursor{}, 0, core.ErrNoCursor
	}
	return at.cursor, at.fence, nil
}

// Commit implements core.Publisher.
func (p *Publisher) Commit(_ context.Context, partition int, fence core.Fence, step core.Step) (core.Fence, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var after error
	if p.onCommit != nil {
		before, late := p.onCommit(partition, step)
		if before != nil {
			return 0, before
		}
		after = late
	}
	if p.cursors[partition].fence != fence {
		p.refused++
		return 0, core.ErrFenced
	}
	p.seq += core.Fence(len(step.Triggers) + 1)
	p.cursors[partition] = placed{step.Cursor, p.seq}
	p.stored = append(p.stored, step.Triggers...)
	p.commits++
	return p.seq, after
}
