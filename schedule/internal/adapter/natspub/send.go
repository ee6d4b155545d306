package natspub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
)

// headerID is what the stream tells messages by that were stored within the last
// two minutes, its window of duplicates.
const headerID = "Nats-Msg-Id"

var _ core.Sender = (*Publisher)(nil)

// Send implements core.Sender.
func (p *Publisher) Send(ctx context.Context, t contract.Trigger) error {
	data, err := contract.Encode(t)
	if err != nil {
		return fmt.Errorf("encode trigger of %q: %w", t.Key, err)
	}
	msg := &nats.Msg{Subject: p.names.Trigger(t.Mode, t.Key), Header: nats.Header{}, Data: data}
	msg.Header.Set(headerID, t.ID)
	msg.Header.Set(headerStream, p.names.TriggerStream())
	reply, err := p.nc.RequestMsgWithContext(ctx, msg)
	if err != nil {
		return fmt.Errorf("send trigger %s: %w", t.ID, err)
	}
	var ack struct {
		Error *apiError `json:"error"`
		Seq   uint64    `json:"seq"`
	}
	err = json.Unmarshal(reply.Data, &ack)
	switch {
	case err != nil:
		return fmt.Errorf("send trigger %s: read acknowledgement: %w", t.ID, err)
	case ack.Error != nil:
		return fmt.Errorf("send trigger %s: %w", t.ID, translate(ack.Error))
	case ack.Seq == 0:
		return fmt.Errorf("send trigger %s: the acknowledgement has no sequence", t.ID)
	}
	return nil
}

// Waiting implements core.Sender. It reads, one by one, what was stored for the
// key since then and is not acknowledged yet: mostly nothing.
func (p *Publisher) Waiting(ctx context.Context, t contract.Trigger, since time.Time) (bool, error) {
	subject := p.names.Trigger(t.Mode, t.Key)
	since = since.UTC()
	for want := (natsio.Query{Next: subject, StartTime: &since}); ; {
		msg, err := get(ctx, p.nc, p.names.TriggerStream(), want)
		if errors.Is(err, core.ErrNoCursor) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("look for trigger %s: %w", t.ID, err)
		}
		if waiting, err := contract.Decode[contract.Trigger](msg.Data); err == nil && waiting.ID == t.ID {
			return true, nil
		}
		want = natsio.Query{Next: subject, Sequence: msg.Sequence + 1}
	}
}
