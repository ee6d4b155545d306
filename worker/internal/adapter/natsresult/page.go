package natsresult

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	pageSize    = 500             // messages
	pageBytes   = 1 << 20         // after which a page ends
	pageTimeout = 2 * time.Second // between two of its messages
)

// request is that of DIRECT.GET for many messages (ADR-31). It needs no
// consumer, which a cluster would have to agree on for each look-up, and which
// other servers know of only a moment later.
type request struct {
	Subject  string     `json:"next_by_subj"`
	Since    *time.Time `json:"start_time,omitempty"`
	Sequence uint64     `json:"seq,omitempty"`
	Batch    int        `json:"batch"`
	MaxBytes int        `json:"max_bytes"`
}

// readPage sees the messages of one answer and returns how many come after them.
func readPage(ctx context.Context, nc *nats.Conn, stream string, r request, see func(id string, sequence uint64)) (left uint64, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return 0, err
	}
	// A channel of its own, for that of SubscribeSync takes half a megabyte.
	answers, inbox := make(chan *nats.Msg, r.Batch+1), nc.NewInbox()
	sub, err := nc.ChanSubscribe(inbox, answers)
	if err != nil {
		return 0, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := nc.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, body); err != nil {
		return 0, err
	}
	for {
		msg, err := receive(ctx, answers)
		if err != nil {
			return 0, err
		}
		if msg.Header.Get("Nats-Stream") == "" { // no record
			return end(msg)
		}
		sequence, err := strconv.ParseUint(msg.Header.Get(jetstream.SequenceHeader), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("sequence of a record: %w", err)
		}
		see(msg.Header.Get(jetstream.MsgIDHeader), sequence)
	}
}

func receive(ctx context.Context, answers <-chan *nats.Msg) (*nats.Msg, error) {
	timeout := time.NewTimer(pageTimeout)
	defer timeout.Stop()
	select {
	case msg := <-answers:
		return msg, nil
	case <-timeout.C:
		return nil, errors.New("the records did not come in time")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// end reads the message after the last one, which says how many are left.
func end(msg *nats.Msg) (left uint64, err error) {
	const endOfBatch, none, noResponders = "204", "404", "503"
	switch status := msg.Header.Get("Status"); status {
	case endOfBatch:
		return strconv.ParseUint(msg.Header.Get("Nats-Num-Pending"), 10, 64)
	case none:
		return 0, nil
	case noResponders:
		return 0, nats.ErrNoResponders
	default:
		return 0, fmt.Errorf("answer %s %s", status, msg.Header.Get("Description"))
	}
}
