// Package natslog appends to the log stream. It is the core.Recorder of a
// running scheduler.
package natslog

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// Recorder is a core.Recorder on the namespace's log stream.
type Recorder struct {
	js    jetstream.JetStream
	names contract.Names
}

var _ core.Recorder = (*Recorder)(nil)

// New returns a recorder. The log stream must exist.
func New(js jetstream.JetStream, names contract.Names) *Recorder {
	return &Recorder{js: js, names: names}
}

// Record implements core.Recorder.
func (l *Recorder) Record(ctx context.Context, r contract.Result) error {
	data, err := contract.Encode(r)
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	if _, err = l.js.Publish(ctx, l.names.Result(r.Key), data, jetstream.WithMsgID(r.ID+"."+r.Kind)); err != nil {
		return fmt.Errorf("append %s record of %q: %w", r.Kind, r.Key, err)
	}
	return nil
}
