package natspub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// Partitions returns how many partitions the namespace has: what its first
// cursor says, or else recorded.
func (p *Publisher) Partitions(ctx context.Context, recorded int) (int, error) {
	cursor, _, err := p.Load(ctx, 0)
	if err != nil || cursor.Partitions == 0 {
		return recorded, err
	}
	return cursor.Partitions, nil
}

// Schedulers that run keep moving the cursors; between two of their commits is
// room for ours.
const (
	attempts  = 200
	tryAgain  = 10 * time.Millisecond
	noCursors = core.Fence(0)
)

// Repartition changes the number of partitions from one to another, in one
// atomic batch that replaces every cursor. Schedulers may be running.
func (p *Publisher) Repartition(ctx context.Context, from, to int) error {
	for range attempts {
		err := p.repartition(ctx, from, to)
		if !errors.Is(err, core.ErrFenced) && !errors.Is(err, core.ErrBusy) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(tryAgain):
		}
	}
	return errors.New("schedulers kept moving the cursors; stop them or try again")
}

func (p *Publisher) repartition(ctx context.Context, from, to int) error {
	ctx, cancel := context.WithTimeout(ctx, setupPatience)
	defer cancel()
	cursors, fences := []contract.Cursor{}, []core.Fence{}
	for i := range max(from, to) {
		cursor, fence, err := p.Load(ctx, i)
		if i >= from && errors.Is(err, core.ErrNoCursor) {
			fence, err = noCursors, nil
		}
		if err != nil {
			return err
		}
		if i < from {
			cursors = append(cursors, cursor)
		}
		fences = append(fences, fence)
	}
	changed, err := core.Repartition(cursors, to)
	if err != nil {
		return err
	}
	msgs := make([]*nats.Msg, len(changed))
	for i, c := range changed {
		if msgs[i], err = p.cursor(i, fences[i], c); err != nil {
			return err
		}
	}
	if _, err = commit(ctx, p.nc, msgs); err != nil {
		return fmt.Errorf("replace cursors: %w", translate(err))
	}
	return nil
}
