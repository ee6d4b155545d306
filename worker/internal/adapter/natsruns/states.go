// Package natsruns keeps the states of runs on JetStream: one message a state,
// changed by compare-and-set on the sequence of its subject's last message, with
// a time to live of its own.
//
// A deleted state is an empty message that expires after a second: the server
// has no delete that compares.
package natsruns

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Error codes of JetStream that say that another message is the subject's last.
const (
	wrongLastSequence = 10071
	inProcess         = 10164 // another change has been proposed and is not stored yet
)

// minTTL is the shortest time to live that the server knows.
const minTTL = time.Second

// States is core.States on JetStream.
type States struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	names contract.Names
}

// New asks the server for nothing.
func New(nc *nats.Conn, js jetstream.JetStream, names contract.Names) *States {
	return &States{nc: nc, js: js, names: names}
}

// Load implements core.States.
func (s *States) Load(ctx context.Context, name string) (core.State, error) {
	msg, err := natsio.Get(ctx, s.nc, s.names.RunStream(), natsio.Query{Last: s.names.Run(name)})
	switch {
	case errors.Is(err, natsio.ErrNoMessage):
		return core.State{}, nil
	case err != nil:
		return core.State{}, fmt.Errorf("read stream %s: %w", s.names.RunStream(), err)
	}
	return core.State{Data: msg.Data, Revision: msg.Sequence}, nil
}

// Store implements core.States.
func (s *States) Store(ctx context.Context, name string, data []byte, revision uint64, ttl time.Duration) (uint64, error) {
	return s.publish(ctx, name, data, revision, ttl)
}

// Delete implements core.States.
func (s *States) Delete(ctx context.Context, name string, revision uint64) error {
	_, err := s.publish(ctx, name, nil, revision, minTTL)
	return err
}

func (s *States) publish(ctx context.Context, name string, data []byte, revision uint64, ttl time.Duration) (uint64, error) {
	options := []jetstream.PublishOpt{
		jetstream.WithExpectStream(s.names.RunStream()),
		jetstream.WithExpectLastSequencePerSubject(revision),
	}
	if ttl > 0 {
		options = append(options, jetstream.WithMsgTTL(seconds(ttl)))
	}
	ack, err := s.js.Publish(ctx, s.names.Run(name), data, options...)
	if err == nil {
		return ack.Sequence, nil
	}
	var refused *jetstream.APIError
	if errors.As(err, &refused) && (refused.ErrorCode == wrongLastSequence || refused.ErrorCode == inProcess) {
		err = errors.Join(core.ErrConflict, err)
	}
	return 0, fmt.Errorf("publish to stream %s: %w", s.names.RunStream(), err)
}

// seconds rounds up to whole seconds, which is what the server counts in.
func seconds(d time.Duration) time.Duration {
	return max((d + time.Second - 1).Truncate(time.Second), minTTL)
}
