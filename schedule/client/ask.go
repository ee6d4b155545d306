package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// Headers in which a micro service reports an error (ADR-32).
const (
	headerError     = "Nats-Service-Error"
	headerErrorCode = "Nats-Service-Error-Code"
)

// serviceError is an error that a scheduler has reported.
type serviceError struct {
	code string // contract.Code…
	text string
	is   error // what errors.Is finds; may be nil
}

func (e *serviceError) Error() string { return e.text }

func (e *serviceError) Is(target error) bool { return e.is != nil && target == e.is }

// reported makes an error of what a scheduler has reported.
func reported(code, text string) error {
	switch code {
	case contract.CodeInvalid:
		if field, problem, ok := strings.Cut(text, ": "); ok && !strings.Contains(field, " ") {
			return refuse(field, problem)
		}
		return &serviceError{code, text, ErrInvalid}
	case contract.CodeFull:
		return &serviceError{code, text, ErrFull}
	}
	return &serviceError{code, text, nil}
}

// ask makes a request of one of the schedulers. It asks anew when the connection
// was lost and is there again, so the request must be one that can be repeated.
func ask[A any](ctx context.Context, s *Schedule, what, endpoint string, request any) (answer A, err error) {
	data, err := json.Marshal(request)
	if err != nil {
		return answer, fmt.Errorf("%s: %w", what, err)
	}
	late := fmt.Errorf("no answer from a scheduler within %s: %w", s.timeout, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, late)
	defer cancel()
	subject := s.names.Endpoint(endpoint)
	var msg *nats.Msg
	for err = errReconnected; errors.Is(err, errReconnected); {
		msg, err = attempt(ctx, s, subject, true, func(ctx context.Context) (*nats.Msg, error) {
			return s.nc.RequestWithContext(ctx, subject, data)
		})
	}
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return answer, fmt.Errorf("%s: %w", what, ErrNoScheduler)
	case err != nil:
		return answer, explain(what, err)
	}
	if code := msg.Header.Get(headerErrorCode); code != "" {
		return answer, fmt.Errorf("%s: %w", what, reported(code, msg.Header.Get(headerError)))
	}
	if err := json.Unmarshal(msg.Data, &answer); err != nil {
		return answer, fmt.Errorf("%s: the answer cannot be read: %w", what, err)
	}
	return answer, nil
}
