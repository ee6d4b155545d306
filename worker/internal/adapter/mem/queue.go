// Package mem holds fakes of the core's ports, in memory. They pass the same
// conformance suites as the adapters.
package mem

import (
	"context"
	"sync"
	"time"

	"github.com/weplanx/workflow/worker/internal/core"
)

// expires is how long Receive waits for deliveries.
const expires = 30 * time.Second

// Queue is core.Queue in memory.
type Queue struct {
	ackWait time.Duration

	mu       sync.Mutex
	sequence uint64
	items    []*item
	changed  chan struct{} // closed and replaced by every change
	refuse   error
}

// item is a trigger that has not been acknowledged.
type item struct {
	delivery core.Delivery
	next     time.Time // when it is delivered, or delivered again
}

// NewQueue makes a queue that delivers again what is not settled in ackWait.
func NewQueue(ackWait time.Duration) *Queue {
	return &Queue{ackWait: ackWait, changed: make(chan struct{})}
}

// Put stores a trigger.
func (q *Queue) Put(key string, data []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sequence++
	it := &item{delivery: core.Delivery{Data: data, Key: key, Sequence: q.sequence, Stored: time.Now()}}
	it.delivery.Handle = &handle{queue: q, item: it}
	q.items = append(q.items, it)
	q.notify()
}

// Len is the number of triggers that have not been acknowledged.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// Refuse has handles fail with err, as when the server is away, until it is
// called with nil.
func (q *Queue) Refuse(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refuse = err
}

// Receive implements core.Queue.
func (q *Queue) Receive(ctx context.Context, limit int, sink func(core.Delivery)) error {
	ctx, cancel := context.WithTimeout(ctx, expires)
	defer cancel()
	for limit > 0 {
		ready, wait, changed := q.take(limit)
		for _, d := range ready {
			sink(d)
		}
		limit -= len(ready)
		if limit == 0 {
			break
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			limit = 0
		}
		timer.Stop()
	}
	return nil
}

// take delivers what can be delivered, and says how long to wait for more.
func (q *Queue) take(limit int) (ready []core.Delivery, wait time.Duration, changed chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	wait = expires
	for _, it := range q.items {
		if left := it.next.Sub(now); left > 0 || len(ready) == limit {
			wait = min(wait, max(left, 0))
			continue
		}
		it.delivery.Count++
		it.next = now.Add(q.ackWait)
		wait = min(wait, q.ackWait)
		ready = append(ready, it.delivery)
	}
	return ready, wait, q.changed
}

func (q *Queue) notify() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// handle is core.Handle of an item.
type handle struct {
	queue *Queue
	item  *item
}

func (h *handle) Ack() error {
	q := h.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refuse != nil {
		return q.refuse
	}
	for i, it := range q.items {
		if it == h.item {
			q.items = append(q.items[:i], q.items[i+1:]...)
			break
		}
	}
	return nil
}

func (h *handle) Retry(delay time.Duration) error { return h.again(max(delay, 0)) }

func (h *handle) Extend() error { return h.again(h.queue.ackWait) }

func (h *handle) again(after time.Duration) error {
	q := h.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.refuse != nil {
		return q.refuse
	}
	h.item.next = time.Now().Add(after)
	q.notify()
	return nil
}
