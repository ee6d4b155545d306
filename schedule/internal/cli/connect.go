package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/natsconn"
	"github.com/weplanx/workflow/shared/setting"
)

const (
	defaultServer = "nats://127.0.0.1:4222"

	// dialTimeout is how long a server may not be reached. Services wait for
	// ever; a person does not. A refused credential is known before.
	dialTimeout = 4 * time.Second
)

// settings are those of the services that a command line needs.
type settings struct {
	Namespace string `envconfig:"NAMESPACE"`
	NATS      natsconn.Config
}

// load reads the environment and the flags, which win.
func (s *session) load() (settings, error) {
	var c settings
	var names setting.Names
	if err := config.Env(&c); err != nil {
		return c, &usageError{err}
	}
	namespace := "NAMESPACE"
	if s.namespace != "" {
		c.Namespace, namespace = s.namespace, "--namespace"
	}
	switch {
	case s.server != "":
		c.NATS.Hosts = strings.Split(s.server, ",")
		names.Set("NATS_HOSTS", "--server")
	case len(c.NATS.Hosts) == 0:
		c.NATS.Hosts = []string{defaultServer}
	}
	c.NATS.Named(names)
	if c.Namespace == "" {
		return c, &usageError{errors.New("NAMESPACE: is missing, want it set, or --namespace")}
	}
	var field *contract.FieldError
	if err := contract.CheckNamespace(c.Namespace); errors.As(err, &field) {
		return c, &usageError{&setting.Error{Name: namespace, Problem: field.Problem}}
	}
	if err := c.NATS.Check(); err != nil {
		return c, &usageError{err}
	}
	return c, nil
}

// open connects and binds to the namespace. done closes the connection.
func (s *session) open(ctx context.Context, options ...client.Option) (schedule *client.Schedule, done func(), err error) {
	c, err := s.load()
	if err != nil {
		return nil, nil, err
	}
	nc, err := dial(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	schedule, err = bind(ctx, c.Namespace, nc, options...)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return schedule, nc.Close, nil
}

// dial connects, or gives up after a while.
func dial(ctx context.Context, c settings) (*nats.Conn, error) {
	unreachable := fmt.Errorf("no NATS server answers at %s within %s, want one that runs (NATS_HOSTS or --server)", shown(c.NATS.Hosts), dialTimeout)
	limited, cancel := context.WithTimeoutCause(ctx, dialTimeout, unreachable)
	defer cancel()
	return natsconn.Connect(limited, c.NATS, "schedulectl", logging.New(config.ModeDebug, io.Discard))
}

// bind makes a client of the namespace.
func bind(ctx context.Context, namespace string, nc *nats.Conn, options ...client.Option) (*client.Schedule, error) {
	js, err := nc.JetStream()
	if err != nil {
		return nil, err
	}
	schedule, err := client.NewContext(ctx, namespace, nc, js, options...)
	if errors.Is(err, client.ErrNoNamespace) {
		err = &namespaceError{namespace, err}
	}
	return schedule, err
}

// namespaceError is client.ErrNoNamespace in words for people.
type namespaceError struct {
	name string
	err  error
}

func (e *namespaceError) Error() string {
	return fmt.Sprintf("namespace %q: no schedule was stored and no scheduler has run here; is NAMESPACE right?", e.name)
}

func (e *namespaceError) Unwrap() error { return e.err }

// shown are hosts without user names and passwords.
func shown(hosts []string) string {
	list := make([]string, len(hosts))
	for i, host := range hosts {
		host = strings.TrimSpace(host)
		if !strings.Contains(host, "://") {
			host = "nats://" + host
		}
		if u, err := url.Parse(host); err == nil {
			list[i] = u.Host
		}
	}
	return strings.Join(list, ",")
}

// reading runs f with a client that creates nothing.
func (s *session) reading(f func(ctx context.Context, schedule *client.Schedule, args []string) error) func(*cobra.Command, []string) error {
	return s.connected(f, client.WithoutCreating())
}

// connected runs f with a client.
func (s *session) connected(f func(ctx context.Context, schedule *client.Schedule, args []string) error, options ...client.Option) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		schedule, done, err := s.open(cmd.Context(), options...)
		if err != nil {
			return err
		}
		defer done()
		return f(cmd.Context(), schedule, args)
	}
}

// completeKeys offers the keys that are stored, up to as many as limit (0: any
// number of them).
func (s *session) completeKeys(limit int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if limit > 0 && len(args) >= limit {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
		defer cancel()
		schedule, done, err := s.open(ctx, client.WithoutCreating())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		defer done()
		keys, err := schedule.ListContext(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return keys, cobra.ShellCompDirectiveNoFileComp
	}
}
