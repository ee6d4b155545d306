package natsjobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

const (
	// expires is how long a pull request waits at the server.
	expires = 30 * time.Second
	// heartbeat is how often the server says that it still has the request.
	// Two that do not come mean that it has lost it.
	heartbeat = time.Second
	// drainTimeout bounds waiting for what is on its way when a pull ends early.
	drainTimeout = 2 * time.Second
	// spare is room for messages of the server beside the triggers of a pull.
	spare = 64
)

var (
	errLost     = errors.New("the server has lost the pull request")
	errConsumer = errors.New("the consumer cannot be used")
)

// Queue is core.Queue on JetStream.
type Queue struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	names   contract.Names
	ackWait time.Duration

	mu    sync.Mutex // guards ready
	ready bool       // the consumer was there
}

// Option changes how a queue works.
type Option func(*Queue)

// WithAckWait sets AckWait, for tests.
func WithAckWait(d time.Duration) Option { return func(q *Queue) { q.ackWait = d } }

// New makes a queue. It asks the server for nothing.
func New(nc *nats.Conn, js jetstream.JetStream, names contract.Names, options ...Option) *Queue {
	q := &Queue{nc: nc, js: js, names: names, ackWait: AckWait}
	for _, option := range options {
		option(q)
	}
	return q
}

// Ready is nil when the consumer was there when it was last asked.
func (q *Queue) Ready() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.ready {
		return errors.New("triggers cannot be received from stream " + q.names.TriggerStream())
	}
	return nil
}

func (q *Queue) setReady(ready bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ready = ready
}

// Prepare looks the consumer up or makes it. The error is ErrSettings when it
// will not get better by waiting; Receive waits for everything else.
func (q *Queue) Prepare(ctx context.Context) error {
	err := q.ensure(ctx)
	if errors.Is(err, ErrSettings) {
		return err
	}
	q.setReady(err == nil)
	return nil
}

// Receive implements core.Queue. After an error it looks the consumer up anew,
// so one that was deleted is made again.
func (q *Queue) Receive(ctx context.Context, limit int, sink func(core.Delivery)) error {
	if q.Ready() != nil {
		err := q.ensure(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // to be stopped is no failure
		case err != nil:
			return err
		}
		q.setReady(true)
	}
	err := q.pull(ctx, limit, sink)
	if err != nil {
		q.setReady(false)
	}
	return err
}

// pull makes one pull request and passes on what comes for it.
func (q *Queue) pull(ctx context.Context, limit int, sink func(core.Delivery)) error {
	p, err := q.request(limit)
	if err != nil {
		return fmt.Errorf("pull: %w", err)
	}
	defer func() { _ = p.sub.Unsubscribe() }()
	pass := func(msg *nats.Msg) { q.pass(msg, sink) }
	for got := 0; got < limit; {
		msg, err := p.next(ctx)
		switch {
		case ctx.Err() != nil:
			if msg != nil {
				pass(msg)
			}
			p.drain(pass)
			return nil
		case err != nil:
			p.drain(pass) // the server may have the request all the same
			return err
		case q.pass(msg, sink):
			got++
		default:
			if done, err := status(msg); done {
				return err
			}
		}
	}
	return nil
}

// pass gives a trigger to sink. It returns false for a message that is none.
func (q *Queue) pass(msg *nats.Msg, sink func(core.Delivery)) bool {
	if !strings.HasPrefix(msg.Reply, "$JS.ACK.") {
		return false
	}
	meta, err := msg.Metadata()
	if err != nil {
		return false
	}
	sink(core.Delivery{
		Data:     msg.Data,
		Key:      q.key(msg.Subject),
		Sequence: meta.Sequence.Stream,
		Stored:   meta.Timestamp,
		Count:    int(meta.NumDelivered), //nolint:gosec // far below the limit
		Handle:   &handle{nc: q.nc, reply: msg.Reply},
	})
	return true
}

// key returns the key in a trigger's subject, empty when there is none.
func (q *Queue) key(subject string) string {
	rest := strings.TrimPrefix(subject, strings.TrimSuffix(q.names.Triggers(), ">"))
	_, key, _ := strings.Cut(rest, ".")
	return key
}

// status reads what the server says about a pull request. done: nothing more
// will come for it.
func status(msg *nats.Msg) (done bool, err error) {
	const idle, noMessages, timeout, conflict = "100", "404", "408", "409"
	description := msg.Header.Get("Description")
	switch code := msg.Header.Get("Status"); code {
	case idle, "":
		return false, nil
	case noMessages, timeout:
		return true, nil
	case conflict:
		return true, fmt.Errorf("%w: %s", errConsumer, description)
	default:
		return true, fmt.Errorf("%w: %s %s", errConsumer, code, description)
	}
}
