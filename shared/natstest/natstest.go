// Package natstest runs a real nats-server with JetStream in the process of a
// test, on a port that nobody else gets, with data that lasts as long as the
// test.
package natstest

import (
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/weplanx/workflow/shared/loopback"
)

// startTimeout bounds how long a server may take to accept clients.
const startTimeout = time.Minute

// Option changes the options of a server before it is started.
type Option func(*server.Options)

// WithNkeyUsers lets only users with these public keys (U…) in, each with all
// permissions.
func WithNkeyUsers(public ...string) Option {
	return func(o *server.Options) {
		for _, key := range public {
			o.Nkeys = append(o.Nkeys, &server.NkeyUser{Nkey: key})
		}
	}
}

// NkeyUser makes a user for WithNkeyUsers.
func NkeyUser(t testing.TB) (public, seed string) {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatalf("natstest: %v", err)
	}
	public, err = pair.PublicKey()
	if err != nil {
		t.Fatalf("natstest: %v", err)
	}
	secret, err := pair.Seed()
	if err != nil {
		t.Fatalf("natstest: %v", err)
	}
	return public, string(secret)
}

// WithoutJetStream leaves JetStream off.
func WithoutJetStream() Option {
	return func(o *server.Options) { o.JetStream = false }
}

// WithOptions changes anything else.
func WithOptions(change func(*server.Options)) Option { return change }

// Server is a server that can be stopped and started again with its port and
// data. Methods are safe for concurrent use.
type Server struct {
	options *server.Options

	mu      sync.Mutex
	running *server.Server
}

// Start runs a server until the test's cleanup.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := New(t, options...)
	s.Start(t)
	return s
}

// New prepares a server without starting it. Its URL is known.
func New(t testing.TB, options ...Option) *Server {
	t.Helper()
	o := &server.Options{
		ServerName:        "test",
		Host:              "127.0.0.1",
		Port:              loopback.Reserve(t), // it restarts there
		NoSigs:            true,
		NoLog:             true,
		JetStream:         true,
		StoreDir:          t.TempDir(),
		JetStreamMaxStore: 64 << 30, // a reservation, nothing is allocated
	}
	for _, option := range options {
		option(o)
	}
	s := &Server{options: o}
	t.Cleanup(s.Stop)
	return s
}

// Start starts a server that is stopped; it accepts clients afterwards.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.launch(t)
	s.await(t)
}

// launch starts a server that is stopped.
func (s *Server) launch(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return
	}
	running, err := server.NewServer(s.options.Clone())
	if err != nil {
		t.Fatalf("natstest: %v", err)
	}
	running.Start()
	s.running = running
}

// await returns when the server accepts clients.
func (s *Server) await(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil || !s.running.ReadyForConnections(startTimeout) {
		t.Fatalf("natstest: the server does not accept clients after %s", startTimeout)
	}
}

// Stop stops the server, keeping port and data, and waits until it has ended.
// A server that is stopped already stays so.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		return
	}
	s.running.Shutdown()
	s.running.WaitForShutdown()
	s.running = nil
}

// Restart stops the server and starts it again with its port and data.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	s.Start(t)
}

// URL is where clients connect to.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "nats://" + net.JoinHostPort(s.options.Host, strconv.Itoa(s.options.Port))
}

// Connect returns a connection that is closed at the test's cleanup. It
// reconnects for as long as the test runs.
func (s *Server) Connect(t testing.TB, options ...nats.Option) *nats.Conn {
	t.Helper()
	options = append([]nats.Option{
		nats.Name(t.Name()),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(20 * time.Millisecond),
		nats.ReconnectJitter(time.Millisecond, time.Millisecond),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}, options...)
	nc, err := nats.Connect(s.URL(), options...)
	if err != nil {
		t.Fatalf("natstest: connect: %v", err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// ConnectWithSeed is Connect with the seed of an NKEY user.
func (s *Server) ConnectWithSeed(t testing.TB, seed string) *nats.Conn {
	t.Helper()
	pair, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		t.Fatalf("natstest: %v", err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatalf("natstest: %v", err)
	}
	return s.Connect(t, nats.Nkey(public, pair.Sign))
}

// ConnectAs is Connect with a user name and password.
func (s *Server) ConnectAs(t testing.TB, user, password string) *nats.Conn {
	t.Helper()
	return s.Connect(t, nats.UserInfo(user, password))
}
