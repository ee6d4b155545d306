package natsdead

import (
	"context"
	"fmt"
)

// Kept asks the server how many letters there are. It is meant for once in some
// seconds.
func (l *Letters) Kept(ctx context.Context) (uint64, error) {
	stream, err := l.js.Stream(ctx, l.names.DeadStream())
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", l.names.DeadStream(), err)
	}
	return stream.CachedInfo().State.Msgs, nil
}
