package standalone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/setting"
)

// natsTimeout bounds how long the server may take to accept clients; reading a
// large folder takes a while.
const natsTimeout = time.Minute

// bind listens on address. The error is a *setting.Error that names flag.
func bind(ctx context.Context, flag, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err == nil {
		return listener, nil
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	text := strings.TrimPrefix(err.Error(), "bind: ")
	return nil, &setting.Error{Name: flag, Problem: fmt.Sprintf("cannot listen on %s (%s), want a free host:port of this machine", address, text)}
}

// startNATS runs a server with its data in folder until stopped.
func startNATS(ctx context.Context, address string, f *folder, log *logrus.Logger) (*server.Server, error) {
	// The server would only say in its log that the port is taken.
	probe, err := bind(ctx, flagNATS, address)
	if err != nil {
		return nil, err
	}
	if err := probe.Close(); err != nil {
		return nil, fmt.Errorf("nats-server: %w", err)
	}
	options, err := natsOptions(address, f)
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("nats-server: %w", err)
	}
	bridge := &natsLog{log: log.WithField("part", "nats-server")}
	s.SetLoggerV2(bridge, false, false, false)
	s.Start()
	if !awaitNATS(ctx, s, bridge) {
		stopNATS(s)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("nats-server: did not start: %s", bridge.cause())
	}
	return s, nil
}

func natsOptions(address string, f *folder) (*server.Options, error) {
	host, port, err := splitAddress(address)
	if err != nil {
		return nil, fmt.Errorf("nats-server: %w", err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return &server.Options{
		ServerName: "standalone",
		Host:       host,
		Port:       port,
		JetStream:  true,
		StoreDir:   f.path,
		NoSigs:     true, // signals are the program's
	}, nil
}

// awaitNATS reports whether the server accepts clients, giving up when it has
// failed or ctx ends.
func awaitNATS(ctx context.Context, s *server.Server, bridge *natsLog) bool {
	limit := time.Now().Add(natsTimeout)
	for time.Now().Before(limit) && ctx.Err() == nil {
		if s.ReadyForConnections(100 * time.Millisecond) {
			return true
		}
		if bridge.fatal() {
			return false
		}
	}
	return false
}

func stopNATS(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// connect returns a connection inside the process.
func connect(s *server.Server, name string) (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // the parts report what fails
	if err != nil {
		return nil, fmt.Errorf("connect %s: %w", name, err)
	}
	return nc, nil
}

// natsLog hands the server's log lines on.
type natsLog struct {
	log *logrus.Entry

	mu     sync.Mutex
	last   string // error
	failed bool
}

func (l *natsLog) Noticef(format string, v ...any) { l.log.Infof(format, v...) }
func (l *natsLog) Debugf(format string, v ...any)  { l.log.Debugf(format, v...) }
func (l *natsLog) Tracef(format string, v ...any)  { l.log.Tracef(format, v...) }
func (l *natsLog) Warnf(format string, v ...any)   { l.log.Warnf(format, v...) }

func (l *natsLog) Errorf(format string, v ...any) {
	l.keep(false, format, v...)
	l.log.Errorf(format, v...)
}

// Fatalf must not end the process, which has more to put in order.
func (l *natsLog) Fatalf(format string, v ...any) {
	l.keep(true, format, v...)
	l.log.Errorf(format, v...)
}

func (l *natsLog) keep(failed bool, format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = fmt.Sprintf(format, v...)
	l.failed = l.failed || failed
}

func (l *natsLog) fatal() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

func (l *natsLog) cause() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == "" {
		return "it does not accept clients after " + natsTimeout.String()
	}
	return l.last
}
