package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	changeTries = 8                      // of one change of a state
	changeWait  = 200 * time.Millisecond // the longest wait between two of them
)

// cell is a state and what is believed to be in it. A fresh cell takes it for
// absent. Its methods
// must not be called concurrently.
type cell[T any] struct {
	name     string
	value    T
	revision uint64
}

// envelope is how a state is stored.
type envelope[T any] struct {
	V     int `json:"v"`
	Value T   `json:"state"`
}

// load reads what is stored. One that cannot be read counts as absent, so that
// garbage blocks nobody; one of a newer version is an error.
func (c *cell[T]) load(ctx context.Context, w *Worker) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	state, err := w.States.Load(ctx, c.name)
	if err != nil {
		return err
	}
	c.revision = state.Revision
	var stored envelope[T]
	switch err := json.Unmarshal(state.Data, &stored); {
	case len(state.Data) == 0:
	case stored.V > contract.Version:
		return fmt.Errorf("state %s: %w", c.name, contract.ErrNewer)
	case err != nil:
		w.Monitor.Trouble(Trouble{Doing: "read state " + c.name, Err: err})
		stored.Value = *new(T)
	}
	c.value = stored.Value
	return nil
}

// next is what is to become of a state.
type next int

const (
	keep    next = iota // leave it as it is
	replace             // store the value that came along
	remove
)

// change has decide say what is to become of the state, and does it if the
// state is still the one that decide was given; otherwise it reads the state and
// asks again. decide may be called several times, and must be content with what
// its former call has led to, because a change whose outcome is not known may
// have been made. That nothing is to be done is believed only of a state that was
// read meanwhile. When ctx has ended failures are not waited out.
func (c *cell[T]) change(ctx context.Context, w *Worker, decide func(T) (T, next, time.Duration)) error {
	for n := 1; ; n++ {
		done, err := c.try(ctx, w, n > 1, decide)
		switch failed := err != nil && !errors.Is(err, ErrConflict); {
		case done:
			return nil
		case n == changeTries, failed && ctx.Err() != nil:
			return fmt.Errorf("change state %s: %w", c.name, err)
		case n > 1 || failed:
			_ = w.Clock.Sleep(ctx, time.Duration(w.Random.Fraction()*float64(changeWait)))
		}
	}
}

// try is one round of change, beginning with a look at the state if read is set.
func (c *cell[T]) try(ctx context.Context, w *Worker, read bool, decide func(T) (T, next, time.Duration)) (done bool, err error) {
	if read {
		if err := c.load(ctx, w); err != nil {
			return false, err
		}
	}
	value, what, ttl := decide(c.value)
	if what == keep {
		return read, nil
	}
	err = c.write(ctx, w, value, what, ttl)
	return err == nil, err
}

func (c *cell[T]) write(ctx context.Context, w *Worker, value T, what next, ttl time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if what == remove {
		if err := w.States.Delete(ctx, c.name, c.revision); err != nil {
			return err
		}
		*c = cell[T]{name: c.name}
		return nil
	}
	data, err := json.Marshal(envelope[T]{contract.Version, value})
	if err != nil {
		return err
	}
	revision, err := w.States.Store(ctx, c.name, data, c.revision, ttl)
	if err == nil {
		c.value, c.revision = value, revision
	}
	return err
}
