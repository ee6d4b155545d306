package core

import (
	"context"
	"errors"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Reading the history of one key takes about as long as reading historyCost
// entries of the history of all keys (0.5 to 1.5 ms, and 2 to 4 us). So many
// may be read one by one without asking which is shorter.
const (
	historyCost  = 300
	fewHistories = 64
)

var (
	// errSwept ends a watch: it has to report anew what a partition let go.
	errSwept = errors.New("the cursor stands further back than what is kept of the schedules")
	// errStalled ends a history.
	errStalled = errors.New("the history of the schedules is not read on")
)

// position loads the cursor and the histories that matter there.
func (p *partition) position(ctx context.Context) error {
	if p.stands() {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	cursor, fence, err := p.e.pub.Load(limited, p.number)
	if err != nil {
		return err
	}
	if n := cursor.Partitions; n != 0 && n != len(p.e.parts) {
		p.e.stop(ErrPartitionsChanged)
		return ErrPartitionsChanged
	}
	if err := p.complete(ctx, cursor); err != nil {
		return err
	}
	p.stand(cursor, fence)
	return nil
}

// stand places the planner at the cursor, unless the watch was begun anew
// meanwhile and histories are wanted again.
func (p *partition) stand(cursor contract.Cursor, fence Fence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.awaited = nil
	if !p.synced || len(p.planner.Incomplete(cursor)) > 0 {
		return
	}
	for _, b := range p.planner.Bad(cursor) {
		p.e.recordLater(b)
	}
	p.planner.Position(cursor)
	p.fence, p.settled = fence, p.e.Now()
}

// complete reads the histories that matter at the cursor: all at once, or one
// after the other, whichever is shorter.
func (p *partition) complete(ctx context.Context, cursor contract.Cursor) error {
	keys, err := p.await(cursor)
	if err != nil {
		return err
	}
	if len(keys) > fewHistories {
		if err := p.e.recallMany(ctx, p, cursor); err != nil {
			return err
		}
		if keys, err = p.await(cursor); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if err := p.recall(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// await returns the keys whose histories are wanted at the cursor, and has
// histories that others read taken for them.
func (p *partition) await(cursor contract.Cursor) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.planner.Servable(cursor) {
		return nil, errSwept
	}
	p.awaited = &cursor
	return p.planner.Incomplete(cursor), nil
}

// recall reads the history of one key.
func (p *partition) recall(ctx context.Context, key string) error {
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p.mu.Lock()
	until := p.planner.Newest(key)
	p.mu.Unlock()
	return p.e.store.History(limited, key, until, p.taker())
}

// taker returns what takes the entries of a history for the partition; nil when
// it waits for none. It takes no more once the watch is begun anew, because a
// revision that was left to the watch may have been missed by it.
func (p *partition) taker() func(Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.awaited == nil {
		return nil
	}
	cursor, round := *p.awaited, p.round
	return func(e Entry) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.round == round {
			p.planner.Recall(cursor, e.Key, e.Number, e.Revision)
		}
	}
}

// recallMany reads the histories of all keys if that is shorter than reading
// those that p wants. One partition at a time does so, on behalf of all that
// wait, so that the next one finds it done.
func (e *Engine) recallMany(ctx context.Context, p *partition, cursor contract.Cursor) error {
	select {
	case e.recalling <- struct{}{}:
		defer func() { <-e.recalling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	keys, err := p.await(cursor)
	if err != nil || len(keys) <= fewHistories {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, count, err := e.store.Extent(limited)
	if err != nil || uint64(len(keys))*historyCost < count {
		return err
	}
	return e.recallAll(ctx)
}

// recallAll reads the histories of all keys. It takes as long as it takes, but
// each entry has to come in time.
func (e *Engine) recallAll(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(callTimeout, func() { cancel(errStalled) })
	defer stalled.Stop()
	takers := make([]func(Entry), len(e.parts))
	for i, p := range e.parts {
		takers[i] = p.taker()
	}
	return e.store.History(ctx, "", e.newest.Load(), func(entry Entry) {
		stalled.Reset(callTimeout)
		if take := takers[contract.Partition(entry.Key, len(e.parts))]; take != nil {
			take(entry)
		}
	})
}
