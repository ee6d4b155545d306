package natsio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoMessage is returned for a message that is not in its stream.
var ErrNoMessage = errors.New("no such message")

const codeNoMessage jetstream.ErrorCode = 10037

// Query is one message of a stream: the last one of a subject, the first one of a
// subject from a sequence or from a time on, or that of a sequence.
type Query struct {
	Last      string     `json:"last_by_subj,omitempty"`
	Next      string     `json:"next_by_subj,omitempty"`
	Sequence  uint64     `json:"seq,omitempty"`
	StartTime *time.Time `json:"start_time,omitempty"`
}

// Message is one as it is stored.
type Message struct {
	Subject   string    `json:"subject"`
	Sequence  uint64    `json:"seq"`
	RawHeader []byte    `json:"hdrs"`
	Data      []byte    `json:"data"`
	Time      time.Time `json:"time"` // when it was stored, by the server's clock
}

// Header reads the message's headers. Without any it is nil.
func (m *Message) Header() (nats.Header, error) {
	if len(m.RawHeader) == 0 {
		return nil, nil
	}
	return nats.DecodeHeadersMsg(m.RawHeader)
}

// Get reads a message from the stream's leader: a direct get, which nats.go makes
// where it can, may be answered by a replica that lags behind. The error is
// ErrNoMessage when there is none, a *jetstream.APIError when the server has refused, and
// that of the request otherwise. It blocks until the answer has come or ctx ends,
// and does not retry.
func Get(ctx context.Context, nc *nats.Conn, stream string, q Query) (*Message, error) {
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message *Message            `json:"message"`
	}
	err := Ask(ctx, nc, "$JS.API.STREAM.MSG.GET."+stream, q, &answer)
	switch {
	case err != nil:
		return nil, err
	case answer.Error != nil && answer.Error.ErrorCode == codeNoMessage:
		return nil, ErrNoMessage
	case answer.Error != nil:
		return nil, answer.Error
	case answer.Message == nil:
		return nil, errors.New("the server's answer has no message")
	}
	return answer.Message, nil
}

// Ask makes a request of the JetStream API. The caller looks for an error in the
// answer. It blocks until that has come or ctx ends.
func Ask(ctx context.Context, nc *nats.Conn, subject string, request, answer any) error {
	data, err := json.Marshal(request)
	if err != nil {
		return err
	}
	reply, err := nc.RequestWithContext(ctx, subject, data)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(reply.Data, answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", subject, err)
	}
	return nil
}
