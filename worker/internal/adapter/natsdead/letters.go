// Package natsdead is the stream of dead letters on JetStream.
package natsdead

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// Letters is core.DeadLetters on JetStream.
type Letters struct {
	js    jetstream.JetStream
	names contract.Names
}

// New asks the server for nothing.
func New(js jetstream.JetStream, names contract.Names) *Letters {
	return &Letters{js: js, names: names}
}

// Put implements core.DeadLetters: the stream remembers the Nats-Msg-Id, which
// is made of the occurrence's ID, for its duplicate window.
func (l *Letters) Put(ctx context.Context, letter contract.Dead) error {
	data, err := contract.Encode(letter)
	if err != nil {
		return fmt.Errorf("encode dead letter: %w", err)
	}
	_, err = l.js.Publish(ctx, l.names.Dead(letter.Key), data, jetstream.WithMsgID(letter.ID+".dead"),
		jetstream.WithExpectStream(l.names.DeadStream()))
	if err != nil {
		return fmt.Errorf("publish to stream %s: %w", l.names.DeadStream(), err)
	}
	return nil
}
