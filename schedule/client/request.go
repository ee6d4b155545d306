package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// noAnswerError is the cause of our own deadline.
type noAnswerError struct{ after time.Duration }

func (e *noAnswerError) Error() string { return "no answer from JetStream within " + e.after.String() }

func (e *noAnswerError) Unwrap() error { return context.DeadlineExceeded }

// errReconnected ends an attempt: what was asked of the connection before it
// broke may never have arrived.
var errReconnected = errors.New("the connection broke")

// look is how often a request that waits looks whether it was forbidden, or
// lost with the connection.
const look = 50 * time.Millisecond

// query is request for what can be asked again: it asks anew when the
// connection was lost and is there again.
func query[T any](ctx context.Context, s *Schedule, what, subject string, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, &noAnswerError{s.timeout})
	defer cancel()
	for {
		value, err := attempt(ctx, s, subject, true, f)
		if !errors.Is(err, errReconnected) {
			return value, explain(what, err)
		}
	}
}

// request runs f, which may block, until it returns or ctx ends, at most for
// the client's timeout.
//
// A part of nats.go's key-value API takes no context. f is then left behind
// when ctx ends and returns when its own time limit is reached.
func request[T any](ctx context.Context, s *Schedule, what, subject string, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, &noAnswerError{s.timeout})
	defer cancel()
	value, err := attempt(ctx, s, subject, false, f)
	return value, explain(what, err)
}

// attempt runs f once. The server does not answer a request that it forbids,
// it only tells the connection; so the connection's last error is watched for
// one about a subject that contains subject. With again it gives up when the
// connection was made anew.
func attempt[T any](ctx context.Context, s *Schedule, subject string, again bool, f func(context.Context) (T, error)) (none T, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type outcome struct {
		value T
		err   error
	}
	before, reconnects := s.nc.LastError(), s.nc.Stats().Reconnects
	done := make(chan outcome, 1)
	go func() {
		value, err := f(ctx)
		done <- outcome{value, err}
	}()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		select {
		case out := <-done:
			if out.err != nil && ctx.Err() != nil {
				out.err = context.Cause(ctx)
			}
			return out.value, out.err
		case <-ctx.Done():
			return none, context.Cause(ctx)
		case <-ticker.C:
			if err := forbidden(before, s.nc.LastError(), subject); err != nil {
				return none, err
			}
			if again && s.nc.Stats().Reconnects != reconnects {
				return none, errReconnected
			}
		}
	}
}

// forbidden returns now if it is a new permission violation about subject.
func forbidden(before, now error, subject string) error {
	if now == nil || !errors.Is(now, nats.ErrPermissionViolation) {
		return nil
	}
	if errors.Is(before, nats.ErrPermissionViolation) && before == now { //nolint:errorlint // the same one
		return nil
	}
	if !strings.Contains(now.Error(), subject) {
		return nil
	}
	return now
}

// explain says what was being done and, where the cause is not the request
// itself, what is missing.
func explain(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrPermissionViolation):
		return fmt.Errorf("%s: permission is missing: %w", what, err)
	case errors.Is(err, nats.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("%s: the account has no JetStream, want one that has: %w", what, err)
	case errors.Is(err, nats.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrNoResponders), errors.Is(err, nats.ErrNoStreamResponse):
		return fmt.Errorf("%s: no JetStream answers, want a server with JetStream on: %w", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// conflicting reports whether a write failed because its revision was not the
// latest any more, or another write to the same key was under way.
func conflicting(err error) bool {
	const underWay = 10164
	var api *nats.APIError
	return errors.Is(err, nats.ErrKeyRevisionMismatch) || errors.As(err, &api) && api.ErrorCode == underWay
}
