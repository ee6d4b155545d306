package natskv

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
)

var _ core.Schedules = (*Store)(nil)

// Latest implements core.Schedules. It asks the stream's leader: a direct get may
// be answered by a replica that has not got yet what an application has stored.
func (s *Store) Latest(ctx context.Context, key string) (core.Revision, error) {
	if contract.CheckKey(key) != nil {
		return core.Revision{}, core.ErrNoSchedule // as a subject it might stand for many keys
	}
	msg, err := natsio.Get(ctx, s.nc, s.names.BucketStream(), natsio.Query{Last: s.names.BucketSubject(key)})
	if errors.Is(err, natsio.ErrNoMessage) {
		return core.Revision{}, core.ErrNoSchedule
	}
	var headers nats.Header
	if err == nil {
		headers, err = msg.Header()
	}
	if err != nil {
		return core.Revision{}, fmt.Errorf("read schedule %q: %w", key, err)
	}
	if headers.Get("KV-Operation") != "" { // DEL or PURGE
		return core.Revision{Key: key, Number: msg.Sequence, Stored: msg.Time, Deleted: true}, nil
	}
	return core.NewRevision(key, msg.Sequence, msg.Time, msg.Data), nil
}
