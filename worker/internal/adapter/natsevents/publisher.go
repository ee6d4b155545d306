package natsevents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
)

// reach bounds how long it may take until the server has an event.
const reach = 5 * time.Second

// ErrNobody is returned for an event that no worker listens to.
var ErrNobody = errors.New("no worker listens to events")

// Publisher publishes events. Methods are safe for concurrent use.
type Publisher struct {
	nc       *nats.Conn
	refusals *natsio.Refusals
	names    contract.Names
}

// NewPublisher makes a publisher. The connection, whose refusals are given as
// well, stays the caller's.
func NewPublisher(nc *nats.Conn, refusals *natsio.Refusals, names contract.Names) *Publisher {
	return &Publisher{nc: nc, refusals: refusals, names: names}
}

// Publish returns once the server has passed an event on to a worker. After an
// error it may still be run: it may have got through, and what nats.go could
// not send it sends when it is connected again. key must be one that
// contract.CheckKey accepts.
func (p *Publisher) Publish(ctx context.Context, key string, data []byte) error {
	sub, err := p.send(ctx, key, data)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if _, err := sub.NextMsg(0); errors.Is(err, nats.ErrNoResponders) {
		return ErrNobody
	}
	return nil
}

// Request is Publish, and then waits for the final record. When ctx ends before
// that the error is the context's.
func (p *Publisher) Request(ctx context.Context, key string, data []byte) (contract.Result, error) {
	sub, err := p.send(ctx, key, data)
	if err != nil {
		return contract.Result{}, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	msg, err := sub.NextMsgWithContext(ctx)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return contract.Result{}, ErrNobody
	case err != nil:
		return contract.Result{}, fmt.Errorf("wait for the final record: %w", err)
	}
	return contract.Decode[contract.Result](msg.Data)
}

// send publishes an event and returns the subscription that its final record
// comes to. That nobody listens, or that the credential may not publish, the
// server says by itself, and before it answers the flush, so that both are known
// when send returns.
func (p *Publisher) send(ctx context.Context, key string, data []byte) (*nats.Subscription, error) {
	if !p.nc.IsConnected() {
		return nil, nats.ErrDisconnected
	}
	inbox := p.nc.NewInbox()
	sub, err := p.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("subscribe to the answer: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	subject := p.names.Event(key)
	until, publication := p.refusals.Begin(ctx, subject)
	defer publication.End()
	if err = p.nc.PublishRequest(subject, inbox, data); err == nil {
		err = p.nc.FlushWithContext(until)
	}
	if publication.Refused() {
		err = fmt.Errorf("%w: %s", nats.ErrPermissionViolation, subject)
	}
	if err != nil {
		_ = sub.Unsubscribe()
		return nil, fmt.Errorf("publish event: %w", err)
	}
	return sub, nil
}
