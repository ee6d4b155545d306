package bootstrap

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/tracing"
)

const (
	// answerLimit is how long an answer to one request is waited for while a
	// node is put together. A request is lost with the server that has it.
	answerLimit   = 5 * time.Second
	assembleAgain = time.Second
)

// awayError is a request that failed although the topology has found what it is
// about: a stream has lost its leader, or a server went away with the request.
type awayError struct{ err error }

func (e *awayError) Error() string { return e.err.Error() }
func (e *awayError) Unwrap() error { return e.err }

// away marks an error as one that passes. It keeps nil.
func away(err error) error {
	if err == nil {
		return nil
	}
	return &awayError{err}
}

// parts are what a node consists of: the engine fires, the hand does what is asked
// for beside that.
type parts struct {
	engine *core.Engine
	hand   *core.Manual
}

// assemble makes the parts of a node. Where NATS goes away in the middle of it, it says so
// and begins again, from the topology, until ctx ends.
func assemble(ctx context.Context, cfg Config, nc *nats.Conn, traces *tracing.Provider) (*parts, error) {
	return insist(ctx, cfg, func() (*parts, error) { return initialize(ctx, cfg, nc, cfg.counts, traces) })
}

func insist[T any](ctx context.Context, cfg Config, try func() (T, error)) (made T, err error) {
	for {
		made, err = try()
		var passing *awayError
		if !errors.As(err, &passing) {
			return made, err
		}
		if ctx.Err() == nil {
			cfg.logger().WithField("namespace", cfg.Namespace).WithError(err).Warn("waiting for JetStream")
		}
		select {
		case <-ctx.Done():
			return made, context.Cause(ctx)
		case <-time.After(assembleAgain):
		}
	}
}
