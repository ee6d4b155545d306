package natsresult

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// batchTimeout bounds waiting for a batch's acknowledgement; it leaves time to
// publish its records one by one.
const batchTimeout = 3 * time.Second

// What a batch holds at most.
const (
	maxRecords = 256
	maxBytes   = 1 << 20
)

var errUnanswered = errors.New("the batch was not acknowledged")

// Operations in the reply subject of a message of a batch (ADR-50, fast ingest).
const (
	opStart  = "0"
	opAppend = "1"
	opCommit = "2"
)

// batches publishes lines in batches and waits for their acknowledgements. The
// stream stores the messages as they come; each tells its place in its reply
// subject, and at a gap the batch ends (ADR-50, fast ingest).
func (w *writer) batches(ctx context.Context, lines []line) error {
	answers, err := w.subscribe()
	if err != nil {
		return err
	}
	var open []*batch
	defer func() { answers.close(open) }()
	for len(lines) > 0 {
		b := answers.open(part(lines))
		open = append(open, b)
		if err := b.publish(w.js.Conn(), lines[:b.size]); err != nil {
			return err
		}
		lines = lines[b.size:]
	}
	timeout := time.NewTimer(w.patience)
	defer timeout.Stop()
	for _, b := range open {
		select {
		case data := <-b.answer:
			if err := b.check(data, w.stream); err != nil {
				return err
			}
		case <-timeout.C:
			return errUnanswered
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// part is how many of the lines go into a batch, at least one.
func part(lines []line) int {
	n, size := 1, len(lines[0].data)
	for n < min(len(lines), maxRecords) && size+len(lines[n].data) <= maxBytes {
		size += len(lines[n].data)
		n++
	}
	return n
}

// subscribe returns the answers to batches.
func (w *writer) subscribe() (*answers, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answers != nil {
		return w.answers, nil
	}
	inbox := w.js.Conn().NewInbox()
	a := &answers{inbox: inbox + ".", name: inbox[strings.LastIndexByte(inbox, '.')+1:], batches: map[string]*batch{}}
	if _, err := w.js.Conn().Subscribe(a.inbox+">", a.receive); err != nil {
		return nil, err
	}
	w.answers = a
	return a, nil
}

// answers hands the server's answers to the batches that they are for.
type answers struct {
	inbox string // ends with a dot
	name  string // its last word, by which a server tells our batches from those of others

	mu      sync.Mutex
	last    uint64
	batches map[string]*batch
}

// batch is one that is under way.
type batch struct {
	id, inbox string
	size      int         // messages
	answer    chan []byte // has room for one
}

func (a *answers) open(size int) *batch {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	b := &batch{a.name + "-" + strconv.FormatUint(a.last, 36), a.inbox, size, make(chan []byte, 1)}
	a.batches[b.id] = b
	return b
}

func (a *answers) close(batches []*batch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range batches {
		delete(a.batches, b.id)
	}
}

// receive is called for every answer. What is of the type "ack" only tells how
// far the server has come.
func (a *answers) receive(msg *nats.Msg) {
	if strings.HasPrefix(string(msg.Data), `{"type":"ack"`) {
		return
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(msg.Subject, a.inbox), ".")
	a.mu.Lock()
	b := a.batches[id]
	a.mu.Unlock()
	if b == nil {
		return // it came too late
	}
	select {
	case b.answer <- msg.Data:
	default: // the first decides
	}
}

// publish sends the lines. The connection has copied a message when it has taken
// it.
func (b *batch) publish(nc *nats.Conn, lines []line) error {
	id := make([]string, 1)
	msg := nats.Msg{Header: nats.Header{jetstream.MsgIDHeader: id}}
	for i, l := range lines {
		id[0], msg.Subject, msg.Data, msg.Reply = l.id, l.subject, l.data, b.reply(i+1)
		if err := nc.PublishMsg(&msg); err != nil {
			return err
		}
	}
	return nil
}

// reply is the reply subject of a batch's message, counted from 1:
// <inbox>.<batch>.<messages until an acknowledgement>.<gaps>.<message>.<operation>.$FI.
func (b *batch) reply(seq int) string {
	op := opAppend
	switch seq {
	case b.size:
		op = opCommit
	case 1:
		op = opStart
	}
	return b.inbox + b.id + ".1000.fail." + strconv.Itoa(seq) + "." + op + ".$FI"
}

// check reads the answer that ends a batch.
func (b *batch) check(data []byte, stream string) error {
	var ack struct {
		Stream string              `json:"stream"`
		Batch  string              `json:"batch"`
		Count  int                 `json:"count"`
		Error  *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(data, &ack); err != nil {
		return err
	}
	switch {
	case ack.Error != nil:
		return ack.Error
	case ack.Stream != stream || ack.Batch != b.id || ack.Count != b.size:
		return fmt.Errorf("%w as a whole: %d of %d messages", errUnanswered, ack.Count, b.size)
	}
	return nil
}
