package natspub

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/natsio"
)

// get reads a message from the stream's leader: a direct get may be answered by
// a replica that lags behind.
func get(ctx context.Context, nc *nats.Conn, stream string, want natsio.Query) (*natsio.Message, error) {
	msg, err := natsio.Get(ctx, nc, stream, want)
	if errors.Is(err, natsio.ErrNoMessage) {
		return nil, core.ErrNoCursor
	}
	return msg, err
}
