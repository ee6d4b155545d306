package natsjobs

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// pull is a pull request. It brings a channel of its own size along, for that of
// a synchronous subscription takes half a megabyte, of every pull anew.
type pull struct {
	sub      *nats.Subscription
	messages chan *nats.Msg
	silence  *time.Timer
}

func (q *Queue) request(limit int) (*pull, error) {
	body, err := json.Marshal(map[string]any{"batch": limit, "expires": expires, "idle_heartbeat": heartbeat})
	if err != nil {
		return nil, err
	}
	p := &pull{messages: make(chan *nats.Msg, limit+spare), silence: time.NewTimer(patience)}
	inbox := q.nc.NewInbox()
	if p.sub, err = q.nc.ChanSubscribe(inbox, p.messages); err != nil {
		return nil, err
	}
	subject := "$JS.API.CONSUMER.MSG.NEXT." + q.names.TriggerStream() + "." + Durable
	if err := q.nc.PublishRequest(subject, inbox, body); err != nil {
		return nil, errors.Join(err, p.sub.Unsubscribe())
	}
	return p, nil
}

// patience is for how long a server may be silent that has the request.
const patience = 2*heartbeat + heartbeat/2

// next waits for a message.
func (p *pull) next(ctx context.Context) (*nats.Msg, error) {
	p.silence.Reset(patience)
	select {
	case msg := <-p.messages:
		return msg, nil
	case <-p.silence.C:
		return nil, errLost
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// drain withdraws the pull request, by withdrawing the interest in its answers,
// and passes on what had been sent before.
func (p *pull) drain(pass func(*nats.Msg)) {
	closed := make(chan struct{})
	closeOnce := sync.OnceFunc(func() { close(closed) })
	// nats.go calls it a second time for a subscription that is given up while the
	// server still owes it an answer.
	p.sub.SetClosedHandler(func(string) { closeOnce() })
	if err := p.sub.Drain(); err != nil {
		return // the connection is closed
	}
	limit := time.NewTimer(drainTimeout)
	defer limit.Stop()
	for {
		select {
		case msg := <-p.messages:
			pass(msg)
		case <-closed:
			for len(p.messages) > 0 {
				pass(<-p.messages)
			}
			return
		case <-limit.C:
			return // the server is away
		}
	}
}
