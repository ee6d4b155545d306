package client

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// DefaultTimeout limits calls without a context, and every single request of
// those that have one.
const DefaultTimeout = 10 * time.Second

// Schedule is the schedules of one namespace. It is safe for concurrent use,
// starts nothing that runs on, and needs no closing; the connection stays the
// caller's.
type Schedule struct {
	names    contract.Names
	nc       *nats.Conn
	js       nats.JetStreamContext
	kv       nats.KeyValue
	timeout  time.Duration
	replicas int
	bindOnly bool
	gather   time.Duration // for which schedulers are waited for
	now      func() time.Time

	partitions atomic.Pointer[partitions] // nil: not known yet
}

// Option changes how New works.
type Option func(*Schedule)

// WithTimeout limits calls without a context, and every request. It must be
// positive.
func WithTimeout(d time.Duration) Option { return func(s *Schedule) { s.timeout = d } }

// WithReplicas sets how many servers keep the bucket, 1 to 5, if New has to
// create it. Default: 3, or 1 where the cluster has no 3 servers.
func WithReplicas(n int) Option { return func(s *Schedule) { s.replicas = n } }

// WithoutCreating makes New return ErrNoNamespace instead of creating the
// bucket, for programs that only read.
func WithoutCreating() Option { return func(s *Schedule) { s.bindOnly = true } }

// New returns the schedules of a namespace (1 to 32 of A-Z a-z 0-9 _ -). It
// asks the server for the bucket they are stored in, creates it when it is
// missing, and fails with one line that says what is missing when the server
// cannot be used: JetStream, a permission, room, an answer.
func New(namespace string, nc *nats.Conn, js nats.JetStreamContext, options ...Option) (*Schedule, error) {
	return NewContext(context.Background(), namespace, nc, js, options...)
}

// NewContext is New with a context for the requests it makes.
func NewContext(ctx context.Context, namespace string, nc *nats.Conn, js nats.JetStreamContext, options ...Option) (*Schedule, error) {
	s := &Schedule{names: contract.Names(namespace), nc: nc, js: js, timeout: DefaultTimeout, gather: gatherTime, now: time.Now}
	for _, option := range options {
		option(s)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Schedule) check() error {
	switch {
	case s.nc == nil:
		return errors.New("nc is nil, want a connection made by nats.Connect")
	case s.js == nil:
		return errors.New("js is nil, want a context made by nc.JetStream")
	case s.nc.IsClosed():
		return errors.New("nc is closed, want an open connection")
	case s.timeout <= 0:
		return errors.New("timeout must be positive")
	case s.replicas < 0 || s.replicas > 5:
		return errors.New("replicas must be 1 to 5")
	}
	return invalid(contract.CheckNamespace(string(s.names)))
}

// Namespace returns the namespace New was given.
func (s *Schedule) Namespace() string { return string(s.names) }

// plain is the context of calls without one.
func (s *Schedule) plain() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.Background(), s.timeout, &noAnswerError{s.timeout})
}
