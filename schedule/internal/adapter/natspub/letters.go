package natspub

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
)

// Letters is core.Letters on the namespace's stream of dead letters.
type Letters struct {
	nc    *nats.Conn
	names contract.Names
}

var _ core.Letters = (*Letters)(nil)

// NewLetters returns letters. Their stream must exist.
func NewLetters(nc *nats.Conn, names contract.Names) *Letters {
	return &Letters{nc: nc, names: names}
}

// Next implements core.Letters.
func (l *Letters) Next(ctx context.Context, key string, sequence uint64) (core.Letter, error) {
	subject := l.names.Deads()
	if key != "" {
		subject = l.names.Dead(key)
	}
	msg, err := get(ctx, l.nc, l.names.DeadStream(), natsio.Query{Next: subject, Sequence: max(sequence, 1)})
	if errors.Is(err, core.ErrNoCursor) {
		return core.Letter{}, core.ErrNoLetter
	}
	if err != nil {
		return core.Letter{}, fmt.Errorf("read dead letter %d: %w", sequence, err)
	}
	letter := core.Letter{Sequence: msg.Sequence, Stored: msg.Time, Key: strings.TrimPrefix(msg.Subject, l.names.Dead(""))}
	letter.Dead, letter.Bad = contract.Decode[contract.Dead](msg.Data)
	return letter, nil
}

// Last implements core.Letters.
func (l *Letters) Last(ctx context.Context) (uint64, error) {
	var answer struct {
		Error *apiError `json:"error"`
		State struct {
			Last uint64 `json:"last_seq"`
		} `json:"state"`
	}
	err := natsio.Ask(ctx, l.nc, "$JS.API.STREAM.INFO."+l.names.DeadStream(), struct{}{}, &answer)
	if err == nil && answer.Error != nil {
		err = answer.Error
	}
	if err != nil {
		return 0, fmt.Errorf("look at stream %s: %w", l.names.DeadStream(), err)
	}
	return answer.State.Last, nil
}

// Remove implements core.Letters.
func (l *Letters) Remove(ctx context.Context, sequence uint64) error {
	var answer struct {
		Error   *apiError `json:"error"`
		Success bool      `json:"success"`
	}
	request := map[string]any{"seq": sequence, "no_erase": true}
	err := natsio.Ask(ctx, l.nc, "$JS.API.STREAM.MSG.DELETE."+l.names.DeadStream(), request, &answer)
	switch {
	case err == nil && answer.Error != nil:
		err = answer.Error
		// The server has several errors for a message that is not there.
		if _, missing := get(ctx, l.nc, l.names.DeadStream(), natsio.Query{Sequence: sequence}); errors.Is(missing, core.ErrNoCursor) {
			return nil
		}
	case err == nil && !answer.Success:
		err = errors.New("the server did not")
	}
	if err != nil {
		return fmt.Errorf("remove dead letter %d: %w", sequence, err)
	}
	return nil
}
