// Package natsruns keeps the states of runs on JetStream: one message a state,
// changed by compare-and-set on the sequence of its subject's last message, with
// a time to live of its own.
//
// A deleted state is an empty message that expires after a second: the server
// has no delete that compares.
package natsruns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Error codes of JetStream that say that another message is the subject's last.
const (
	wrongLastSequence = 10071
	inProcess         = 10164 // another change has been proposed and is not stored yet
)

// noMessage is the code for a message that is not there.
const noMessage = 10037

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

// Load implements core.States. It asks the stream's leader; a follower, which
// may be behind, answers only where a stream has AllowDirect.
func (s *States) Load(ctx context.Context, name string) (core.State, error) {
	state, err := s.load(ctx, name)
	if err != nil {
		return state, fmt.Errorf("read stream %s: %w", s.names.RunStream(), err)
	}
	return state, nil
}

// answer is that of STREAM.MSG.GET.
type answer struct {
	Error   *jetstream.APIError `json:"error"`
	Message *struct {
		Sequence uint64 `json:"seq"`
		Data     []byte `json:"data"`
	} `json:"message"`
}

func (s *States) load(ctx context.Context, name string) (state core.State, err error) {
	request, err := json.Marshal(map[string]string{"last_by_subj": s.names.Run(name)})
	if err != nil {
		return state, err
	}
	msg, err := s.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+s.names.RunStream(), request)
	if err != nil {
		return state, err
	}
	var a answer
	if err := json.Unmarshal(msg.Data, &a); err != nil {
		return state, err
	}
	switch {
	case a.Error != nil && a.Error.ErrorCode == noMessage:
		return state, nil
	case a.Error != nil:
		return state, a.Error
	case a.Message == nil:
		return state, errors.New("the server's answer has no message")
	}
	return core.State{Data: a.Message.Data, Revision: a.Message.Sequence}, nil
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
