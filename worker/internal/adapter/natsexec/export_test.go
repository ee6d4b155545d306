package natsexec

import (
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/worker/internal/core"
)

// Message is the message of a call whose option can be read.
func (e *Executor) Message(call core.Call) (*nats.Msg, error) {
	o, err := read(call)
	if err != nil {
		return nil, err
	}
	return e.message(call, o), nil
}

// Text is what is kept of data.
var Text = text
