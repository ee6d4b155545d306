package standalone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/health"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/metrics"
)

// stopTimeout bounds how long scheduler and worker may take to finish what
// they do; together with what follows the program stops in under 5 s.
const stopTimeout = 2500 * time.Millisecond

// Server is everything in one process.
type Server struct {
	config Config
	log    *logrus.Logger

	folder   *folder
	listener net.Listener // of health, metrics and the worker's API
	nats     *server.Server
	conns    []*nats.Conn
	parts    []part
	api      http.Handler // of the worker
	ran      bool         // the parts were run, which frees what they hold
	demo     *demo        // nil without one
	orphan   bool         // the schedule of an earlier demo fires without a receiver
}

// part is a scheduler or a worker.
type part struct {
	name string
	app  interface {
		Run(ctx context.Context) error
		Ready() error
		Close()
		Metrics() prometheus.Collector
	}
}

// New returns a server that is not started.
func New(c Config) *Server {
	log := logging.New(config.ModeDebug, c.Log)
	if !c.Verbose {
		log.SetLevel(logrus.WarnLevel)
	}
	return &Server{config: c, log: log}
}

// Run runs everything until ctx ends, then stops it in under 5 s and returns
// nil. What keeps it from starting is an error of one line, and nothing has
// been started then; where a setting is the cause it is a *setting.Error that
// names the flag. A server is run once.
func (s *Server) Run(ctx context.Context) error {
	ran, err := s.run(ctx)
	s.close()
	if ran {
		_, _ = fmt.Fprintf(s.config.Out, "\nStopped. What is stored stays in %s; goodbye.\n", s.folder.path)
	}
	return err
}

// run reports whether everything was started.
func (s *Server) run(ctx context.Context) (bool, error) {
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return false, nil //nolint:nilerr // stopped while starting, as asked
		}
		return false, err
	}
	a := s.addresses()
	welcome(s.config.Out, s.config, a, s.folder.path, s.demo.describe())
	if s.orphan {
		warnOfOrphan(s.config.Out)
	}
	if s.config.OnStart != nil {
		s.config.OnStart(a)
	}
	return true, s.serve(ctx)
}

// start checks everything that can be checked, then starts everything but the
// parts' own loops.
func (s *Server) start(ctx context.Context) error {
	err := s.config.check()
	if err != nil {
		return err
	}
	if s.folder, err = openFolder(s.config.Data); err != nil {
		return err
	}
	if s.listener, err = bind(ctx, flagHTTP, s.config.HTTP); err != nil {
		return err
	}
	if s.nats, err = startNATS(ctx, s.config.NATS, s.folder, s.log); err != nil {
		return err
	}
	if err := s.addParts(ctx); err != nil {
		return err
	}
	nc, err := s.connect("demo")
	if err != nil {
		return err
	}
	if !s.config.Demo {
		s.orphan, err = orphaned(ctx, &s.config, nc)
		return err
	}
	s.demo, err = prepareDemo(ctx, &s.config, nc)
	return err
}

func (s *Server) connect(name string) (*nats.Conn, error) {
	nc, err := connect(s.nats, name)
	if err == nil {
		s.conns = append(s.conns, nc)
	}
	return nc, err
}

// serve runs the parts until ctx ends or one fails. The receiver and the
// health pages outlive them, so that callbacks under way are answered.
func (s *Server) serve(ctx context.Context) error {
	pages, err := s.pages()
	if err != nil {
		return err
	}
	s.ran = true
	around, stopAround := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 2)
	go func() { served <- health.ServeOn(around, s.listener, pages) }()
	go func() { served <- s.demo.serve(around) }()

	err = s.runParts(ctx)
	stopAround()
	return errors.Join(err, <-served, <-served)
}

// pages are health, the metrics of all parts and the worker's API.
func (s *Server) pages() (http.Handler, error) {
	registry := metrics.New(s.config.Namespace)
	for _, p := range s.parts {
		if err := registry.Register(p.app.Metrics()); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return health.Beside(metrics.Beside(s.api, registry), s.ready), nil
}

// runParts returns once all parts have stopped, or have had their time to.
func (s *Server) runParts(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(s.parts))
	for _, p := range s.parts {
		go func() {
			err := p.app.Run(ctx)
			if err != nil {
				err = fmt.Errorf("%s: %w", p.name, err)
			} else if ctx.Err() == nil {
				err = fmt.Errorf("%s: ended by itself", p.name)
			}
			ended <- err
		}()
	}
	running := len(s.parts)
	var err error
	select {
	case <-ctx.Done():
	case err = <-ended:
		running--
	}
	stop()
	limit := time.NewTimer(stopTimeout)
	defer limit.Stop()
	for range running {
		select {
		case other := <-ended:
			err = errors.Join(err, other)
		case <-limit.C:
			s.log.Warn("not everything finished in time; it goes on with the next start")
			return err
		}
	}
	return err
}

// ready says whether all parts do their work.
func (s *Server) ready() error {
	for _, p := range s.parts {
		if err := p.app.Ready(); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func (s *Server) addresses() Addresses {
	a := Addresses{HTTP: s.listener.Addr().String(), NATS: s.nats.Addr().String()}
	if s.demo != nil {
		a.Demo = s.demo.receiver.url()
	}
	return a
}

// close stops what start has started, in reverse.
func (s *Server) close() {
	if s.demo != nil {
		_ = s.demo.receiver.listener.Close()
	}
	if !s.ran {
		for _, p := range s.parts {
			p.app.Close()
		}
	}
	for _, nc := range s.conns {
		nc.Close()
	}
	if s.nats != nil {
		stopNATS(s.nats)
	}
	if s.listener != nil {
		_ = s.listener.Close()
	}
	if s.folder != nil {
		s.folder.close()
	}
}
