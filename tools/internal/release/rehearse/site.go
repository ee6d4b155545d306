package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// site is what the programs find: a NATS server and a target of callbacks.
type site struct {
	url    string // of NATS
	target string // of callbacks
	calls  chan *http.Request

	nats *server.Server
	conn *nats.Conn
	http *http.Server
}

// open starts a site on free ports of this machine, with its data in folder.
func open(ctx context.Context, folder string) (*site, error) {
	s := &site{calls: make(chan *http.Request)}
	var err error
	s.nats, err = server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: folder, NoLog: true, NoSigs: true})
	if err != nil {
		return nil, err
	}
	s.nats.Start()
	if !s.nats.ReadyForConnections(runTimeout / 2) {
		s.close()
		return nil, errors.New("the NATS server did not start")
	}
	s.url = s.nats.ClientURL()
	if s.conn, err = nats.Connect(s.url); err != nil {
		s.close()
		return nil, err
	}
	if err := s.listen(ctx); err != nil {
		s.close()
		return nil, fmt.Errorf("listening for callbacks: %w", err)
	}
	return s, nil
}

// listen serves a target that says yes to everything. A call is handed over
// where somebody waits for it.
func (s *site) listen(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.target = "http://" + listener.Addr().String() + "/"
	handler := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case s.calls <- r:
		case <-r.Context().Done():
		case <-time.After(time.Second):
		}
	}
	s.http = &http.Server{Handler: http.HandlerFunc(handler), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.http.Serve(listener) }()
	return nil
}

func (s *site) close() {
	if s.http != nil {
		_ = s.http.Close()
	}
	if s.conn != nil {
		s.conn.Close()
	}
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}
