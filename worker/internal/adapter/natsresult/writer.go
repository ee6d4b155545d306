package natsresult

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// fewest is from how many records on a batch is worth while: it is answered
	// twice.
	fewest = 3
	// caution is for how long there are no batches after one that failed, as all
	// do where the stream does not allow them.
	caution = 30 * time.Second
	// window is how many lines are published one by one before their acknowledgements
	// are waited for, below what the client allows.
	window = 1000
	// again is when a line is offered again whose twin is being stored.
	again = 50 * time.Millisecond
	// twinPending is JetStream's code for that.
	twinPending = 10158
)

// writer stores lines, many of them in batches with one acknowledgement. After a
// batch that was not acknowledged as a whole, of which any part may be stored,
// it publishes the lines one by one; the stream knows those again that it has.
type writer struct {
	js       jetstream.JetStream
	stream   string
	patience time.Duration // with a batch

	mu      sync.Mutex
	answers *answers  // nil: not subscribed yet
	singly  time.Time // no batches until then
}

// line is an encoded record.
type line struct {
	subject, id string
	data        []byte
}

// append stores the lines in their order.
func (w *writer) append(ctx context.Context, lines []line) error {
	if len(lines) >= fewest && w.together() {
		if w.batches(ctx, lines) == nil {
			return nil
		}
		w.beware()
	}
	return w.publish(ctx, lines)
}

func (w *writer) together() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !time.Now().Before(w.singly)
}

func (w *writer) beware() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.singly = time.Now().Add(caution)
}

// publish stores the lines with an acknowledgement each.
func (w *writer) publish(ctx context.Context, lines []line) error {
	for len(lines) > 0 {
		n := min(len(lines), window)
		for rest := lines[:n]; len(rest) > 0; {
			var err error
			if rest, err = w.offer(ctx, rest); err != nil {
				return err
			}
			if len(rest) > 0 && !sleep(ctx, again) {
				return context.Cause(ctx)
			}
		}
		lines = lines[n:]
	}
	return nil
}

// offer publishes lines and returns those whose twin the stream is just storing, of
// which it is not known whether it will.
func (w *writer) offer(ctx context.Context, lines []line) (unsure []line, err error) {
	futures := make([]jetstream.PubAckFuture, 0, len(lines))
	for _, l := range lines {
		future, err := w.js.PublishAsync(l.subject, l.data, jetstream.WithMsgID(l.id), jetstream.WithExpectStream(w.stream))
		if err != nil {
			return nil, err
		}
		futures = append(futures, future)
	}
	for i, future := range futures {
		select {
		case <-future.Ok():
		case refused := <-future.Err():
			var code *jetstream.APIError
			if errors.As(refused, &code) && code.ErrorCode == twinPending {
				unsure = append(unsure, lines[i])
			} else if err == nil {
				err = refused
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return unsure, err
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
