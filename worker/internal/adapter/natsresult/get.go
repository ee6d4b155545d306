package natsresult

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// noMessage is JetStream's code for a message that is not there.
const noMessage = 10037

// query asks for one message: the last of a subject, or that of a sequence.
type query struct {
	Subject  string `json:"last_by_subj,omitempty"`
	Sequence uint64 `json:"seq,omitempty"`
}

// message is one as it is stored.
type message struct {
	Sequence uint64    `json:"seq"`
	Header   []byte    `json:"hdrs"`
	Data     []byte    `json:"data"`
	Time     time.Time `json:"time"`
}

// id is the record's ID, empty when there is none.
func (m *message) id() (string, error) {
	if len(m.Header) == 0 {
		return "", nil
	}
	header, err := nats.DecodeHeadersMsg(m.Header)
	return header.Get(jetstream.MsgIDHeader), err
}

// get asks the stream's leader. Nil: there is no such message.
func (l *Log) get(ctx context.Context, q query) (*message, error) {
	request, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	msg, err := l.js.Conn().RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+l.names.ResultStream(), request)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message *message            `json:"message"`
	}
	switch err := json.Unmarshal(msg.Data, &answer); {
	case err != nil:
		return nil, err
	case answer.Error != nil && answer.Error.ErrorCode == noMessage:
		return nil, nil
	case answer.Error != nil:
		return nil, answer.Error
	}
	return answer.Message, nil
}
