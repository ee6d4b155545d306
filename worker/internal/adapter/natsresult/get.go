package natsresult

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/natsio"
)

// get asks the stream's leader for a record. Nil: there is none.
func (l *Log) get(ctx context.Context, q natsio.Query) (*natsio.Message, error) {
	msg, err := natsio.Get(ctx, l.js.Conn(), l.names.ResultStream(), q)
	if errors.Is(err, natsio.ErrNoMessage) {
		return nil, nil
	}
	return msg, err
}

// idOf is a record's ID, empty when it has none.
func idOf(m *natsio.Message) (string, error) {
	header, err := m.Header()
	return header.Get(jetstream.MsgIDHeader), err
}
