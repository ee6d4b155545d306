package natsevents

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// reach bounds how long it may take until the server has an event.
const reach = 5 * time.Second

// ErrNobody is returned for an event that no worker listens to.
var ErrNobody = errors.New("no worker listens to events")

// Publisher publishes events. Methods are safe for concurrent use.
type Publisher struct {
	nc    *nats.Conn
	names contract.Names
}

// NewPublisher makes a publisher.
func NewPublisher(nc *nats.Conn, names contract.Names) *Publisher {
	return &Publisher{nc: nc, names: names}
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
	subject, before := p.names.Event(key), p.nc.LastError()
	if err = p.nc.PublishRequest(subject, inbox, data); err == nil {
		err = p.nc.FlushWithContext(ctx)
	}
	if err == nil {
		err = p.denied(subject, before)
	}
	if err != nil {
		_ = sub.Unsubscribe()
		return nil, fmt.Errorf("publish event: %w", err)
	}
	return sub, nil
}

// denied is the error by which the server has denied the subject since the
// connection's last error was before. Every such error is a new one.
func (p *Publisher) denied(subject string, before error) error {
	err := p.nc.LastError()
	if err == before || !errors.Is(err, nats.ErrPermissionViolation) { //nolint:errorlint // the same one, not one of its kind
		return nil
	}
	if !strings.Contains(err.Error(), strconv.Quote(subject)) {
		return nil // it is about something else
	}
	return err
}
