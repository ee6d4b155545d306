package natspub

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/core"
)

// Headers of an atomic batch (ADR-50).
const (
	headerBatchID       = "Nats-Batch-Id"
	headerBatchSequence = "Nats-Batch-Sequence"
	headerBatchCommit   = "Nats-Batch-Commit"
)

// apiError is an error of the JetStream API.
type apiError struct {
	Code        int    `json:"code"`
	ErrCode     int    `json:"err_code"`
	Description string `json:"description"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%s (%d)", e.Description, e.ErrCode) }

// Error codes of the JetStream API that say what became of a batch. All others
// leave it open.
const (
	codeWrongSequence = 10071
	codeStoreFailed   = 10077 // limits of the stream: it is full
	codeInProcess     = 10164 // the expected sequence is in process
)

// translate puts an error in the core's words.
func translate(err error) error {
	var api *apiError
	if !errors.As(err, &api) {
		return err
	}
	switch api.ErrCode {
	case codeWrongSequence:
		return core.ErrFenced
	case codeInProcess:
		return core.ErrBusy
	case codeStoreFailed:
		return fmt.Errorf("%w: %s", core.ErrFull, api.Description)
	}
	return err
}

// commit publishes msgs as one atomic batch and returns the sequence of the
// last one. Each call uses a batch ID of its own: after an error that leaves
// the outcome open, sending the same batch again could store it twice. Messages
// without headers share the batch's, which nats.go has written out when it
// returns from a publish.
func commit(ctx context.Context, nc *nats.Conn, msgs []*nats.Msg) (uint64, error) {
	id, last := rand.Text(), len(msgs)-1
	number := []string{""}
	shared := nats.Header{headerBatchID: {id}, headerBatchSequence: number}
	for i, msg := range msgs {
		if number[0] = strconv.Itoa(i + 1); msg.Header == nil {
			msg.Header = shared
		} else {
			msg.Header.Set(headerBatchID, id)
			msg.Header.Set(headerBatchSequence, number[0])
		}
		if i == last {
			break
		}
		if err := nc.PublishMsg(msg); err != nil {
			return 0, fmt.Errorf("publish message %d of a batch of %d: %w", i+1, len(msgs), err)
		}
	}
	msgs[last].Header.Set(headerBatchCommit, "1")
	reply, err := nc.RequestMsgWithContext(ctx, msgs[last])
	if err != nil {
		return 0, fmt.Errorf("commit a batch of %d: %w", len(msgs), err)
	}
	return acknowledged(reply.Data, id, len(msgs))
}

// acknowledged reads the answer to a commit.
func acknowledged(data []byte, id string, count int) (uint64, error) {
	var ack struct {
		Error *apiError `json:"error"`
		Seq   uint64    `json:"seq"`
		Batch string    `json:"batch"`
		Count int       `json:"count"`
	}
	if err := json.Unmarshal(data, &ack); err != nil {
		return 0, fmt.Errorf("read acknowledgement: %w", err)
	}
	switch {
	case ack.Error != nil:
		return 0, fmt.Errorf("commit a batch of %d: %w", count, ack.Error)
	case ack.Seq == 0, ack.Batch != id, ack.Count != count:
		return 0, fmt.Errorf("acknowledgement of batch %q with %d messages, want %q with %d", ack.Batch, ack.Count, id, count)
	}
	return ack.Seq, nil
}
