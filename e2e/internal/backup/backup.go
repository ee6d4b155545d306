// Package backup backs streams up and restores them as `nats stream backup` and
// `nats stream restore` do, through the API of the server (ADR-10 in what remains
// of it: $JS.API.STREAM.SNAPSHOT and RESTORE).
package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Stream is a backup: its settings, its messages with their sequences and times,
// and its consumers.
type Stream struct {
	Name string

	config, state json.RawMessage
	pieces        [][]byte
}

const timeout = 10 * time.Second

// answer is what both requests are answered with.
type answer struct {
	Error *struct {
		Description string `json:"description"`
	} `json:"error"`
	Config  json.RawMessage `json:"config"`
	State   json.RawMessage `json:"state"`
	Deliver string          `json:"deliver_subject"`
}

// Take backs a stream up while others go on to use it.
func Take(ctx context.Context, nc *nats.Conn, name string) (Stream, error) {
	inbox := nc.NewInbox()
	pieces, err := nc.SubscribeSync(inbox)
	if err != nil {
		return Stream{}, err
	}
	defer func() { _ = pieces.Unsubscribe() }()
	taken, err := ask(ctx, nc, "$JS.API.STREAM.SNAPSHOT."+name, map[string]any{"deliver_subject": inbox})
	if err != nil {
		return Stream{}, fmt.Errorf("back up %s: %w", name, err)
	}
	s := Stream{Name: name, config: taken.Config, state: taken.State}
	for {
		piece, err := pieces.NextMsg(timeout)
		if err != nil {
			return Stream{}, fmt.Errorf("back up %s: %w", name, err)
		}
		if len(piece.Data) == 0 {
			return s, nil
		}
		s.pieces = append(s.pieces, piece.Data)
		if piece.Reply != "" {
			_ = piece.Respond(nil) // the last ones need no confirmation
		}
	}
}

// Restore makes the stream of a backup, which must not exist.
func Restore(ctx context.Context, nc *nats.Conn, s Stream) error {
	to, err := ask(ctx, nc, "$JS.API.STREAM.RESTORE."+s.Name, map[string]any{"config": s.config, "state": s.state})
	if err != nil {
		return fmt.Errorf("restore %s: %w", s.Name, err)
	}
	for _, piece := range append(s.pieces, nil) {
		call, cancel := context.WithTimeout(ctx, timeout)
		msg, err := nc.RequestWithContext(call, to.Deliver, piece)
		cancel()
		if err != nil {
			return fmt.Errorf("restore %s: %w", s.Name, err)
		}
		if err := refusal(msg.Data); err != nil {
			return fmt.Errorf("restore %s: %w", s.Name, err)
		}
	}
	return nil
}

func ask(ctx context.Context, nc *nats.Conn, subject string, request any) (a answer, err error) {
	data, err := json.Marshal(request)
	if err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	msg, err := nc.RequestWithContext(ctx, subject, data)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(msg.Data, &a); err != nil {
		return a, err
	}
	return a, refusal(msg.Data)
}

// refusal is the error in an answer. Pieces are confirmed by nothing.
func refusal(data []byte) error {
	var a answer
	if len(data) > 0 && json.Unmarshal(data, &a) == nil && a.Error != nil {
		return errors.New(a.Error.Description)
	}
	return nil
}
