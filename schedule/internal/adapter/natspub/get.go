package natspub

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// wanted is one message of a stream: the last one of a subject, or the first one
// of a subject from a sequence or from a time on.
type wanted struct {
	Last      string     `json:"last_by_subj,omitempty"`
	Next      string     `json:"next_by_subj,omitempty"`
	Sequence  uint64     `json:"seq,omitempty"`
	StartTime *time.Time `json:"start_time,omitempty"`
}

// message is one of a stream.
type message struct {
	Subject string    `json:"subject"`
	Seq     uint64    `json:"seq"`
	Data    []byte    `json:"data"`
	Time    time.Time `json:"time"`
}

// get reads a message from the stream's leader: a direct get may be answered by
// a replica that lags behind.
func get(ctx context.Context, nc *nats.Conn, stream string, want wanted) (message, error) {
	var answer struct {
		Error   *apiError `json:"error"`
		Message message   `json:"message"`
	}
	err := ask(ctx, nc, "$JS.API.STREAM.MSG.GET."+stream, want, &answer)
	if err == nil && answer.Error != nil {
		err = answer.Error
	}
	return answer.Message, translate(err)
}

// ask makes a request of the JetStream API.
func ask(ctx context.Context, nc *nats.Conn, subject string, request, answer any) error {
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
