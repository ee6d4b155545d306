package core

import (
	"errors"

	"github.com/weplanx/workflow/shared/contract"
)

// ErrPartitionsChanged is returned by Engine.Run when the namespace has another
// number of partitions than the engine was made for. The caller makes a new
// engine.
var ErrPartitionsChanged = errors.New("the number of partitions was changed")

// former are the positions of a namespace's partitions before their number was
// changed. A key starts at the position of its former partition or at that of
// its present one, whichever is later: the present one began at the earliest of
// all.
type former struct {
	wire      *contract.Before
	positions []position
	last      position
}

func formerOf(b *contract.Before) *former {
	if b == nil || len(b.Cursors) == 0 {
		return nil
	}
	f := &former{wire: b}
	for _, c := range b.Cursors {
		at := position{due: nanos(c.Due), key: c.Key, index: c.Index, nominal: nanos(c.Scheduled)}
		f.positions = append(f.positions, at)
		f.last = f.last.later(at)
	}
	return f
}

// start returns where a key starts that is now in a partition at position at.
// It may be called on nil.
func (f *former) start(key string, at position) position {
	if f == nil {
		return at
	}
	return at.later(f.positions[contract.Partition(key, len(f.positions))])
}

// Repartition returns the cursors of a namespace whose number of partitions is
// changed to count: one for each, and retired ones for partitions that go. All
// are to be committed at once, each under the fence of the one it replaces.
func Repartition(cursors []contract.Cursor, count int) ([]contract.Cursor, error) {
	before := &contract.Before{}
	first := positionOf(cursors[0])
	for _, c := range cursors {
		if c.CatchUp != nil || c.Before != nil {
			return nil, errors.New("a partition is still catching up, try again in a minute")
		}
		if at := positionOf(c); at.compare(first) < 0 {
			first = at
		}
		before.Cursors = append(before.Cursors, contract.Position{Due: c.Due, Key: c.Key, Index: c.Index, Scheduled: c.Scheduled})
	}
	changed := make([]contract.Cursor, max(count, len(cursors)))
	for i := range changed {
		c := first.cursor()
		c.Partitions, c.Before = count, before
		if i >= count {
			c = contract.Cursor{Due: cursors[i].Due, Partitions: count, Retired: true}
		}
		changed[i] = c
	}
	return changed, nil
}
