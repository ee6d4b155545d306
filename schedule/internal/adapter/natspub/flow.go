package natspub

import "context"

// A server takes 50 open batches a stream, from all nodes. In a replicated
// stream with a limit of bytes it also adds up, for each message of a batch, all
// that are on their way into the stream, so that many at once cost it the square
// of their number: with two full batches at a time it stores a herd faster than
// with eight.
const (
	flowBatches  = 16   // under way at once, from one node
	flowMessages = 1000 // of these, about
	flowUnit     = (flowMessages + flowBatches - 1) / flowBatches
)

// flow bounds what is under way. It is safe for concurrent use; those who wait
// are served in turn, so that a large batch is not overtaken for ever.
type flow struct {
	turn chan struct{} // full while somebody waits for room
	room chan struct{} // holds an element for each unit that is under way
}

func newFlow() *flow {
	return &flow{turn: make(chan struct{}, 1), room: make(chan struct{}, flowBatches)}
}

// enter blocks until there is room for a batch of count messages, and returns
// what makes room again; or it returns the context's error.
func (f *flow) enter(ctx context.Context, count int) (leave func(), err error) {
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	units := min((count+flowUnit-1)/flowUnit, flowBatches)
	for taken := range units {
		select {
		case f.room <- struct{}{}:
		case <-ctx.Done():
			f.leave(taken)
			return nil, ctx.Err()
		}
	}
	return func() { f.leave(units) }, nil
}

func (f *flow) leave(units int) {
	for range units {
		<-f.room
	}
}
